#include <sysbuf/client.h>

const char *sb_error_text(enum sb_error error)
{
    switch (error) {
    case SB_OK:
        return "No error.";
    case SB_ERROR_ARGUMENT:
        return "The program called the toolkit with an argument it cannot take.";
    case SB_ERROR_NO_MEMORY:
        return "There is not enough memory; close something and try again.";
    case SB_ERROR_NOT_FOUND:
        return "There is no such device; start its driver first.";
    case SB_ERROR_BUSY:
        return "The device is already open elsewhere and serves one program at a time; close the "
               "other program.";
    case SB_ERROR_ACCESS_DENIED:
        return "Access is denied; run this as an administrator.";
    case SB_ERROR_TIMEOUT:
        return "The driver did not answer in time; the call was cancelled. Try again, or with a "
               "longer timeout.";
    case SB_ERROR_TRUNCATED:
        return "The reply was longer than the buffer and was cut; call with a larger buffer.";
    case SB_ERROR_BAD_LENGTH:
        return "The driver does not take a request of this length; program and driver may be of "
               "different versions.";
    case SB_ERROR_REPLY_TOO_SMALL:
        return "The reply does not fit into the buffer at all; call with a larger buffer.";
    case SB_ERROR_UNKNOWN_COMMAND:
        return "The driver does not know this command; program and driver may be of different "
               "versions.";
    case SB_ERROR_CLOSED:
        return "The call was cancelled because the device was closed.";
    case SB_ERROR_STATE:
        return "The device is not in a state for this call; a client subscribes once, before it "
               "receives.";
    case SB_ERROR_TOO_LATE:
        return "The driver no longer waits for this answer; answer sooner.";
    case SB_ERROR_VERSION:
        return "Driver and program speak no common version of the protocol; install both from one "
               "package.";
    case SB_ERROR_NOT_RUN:
        return "The command was not run because an earlier one of its batch failed.";
    case SB_ERROR_NOT_INSTALLED:
        return "The service is not installed; install it first.";
    case SB_ERROR_ALREADY_INSTALLED:
        return "The service is already installed; uninstall it first to install another file.";
    case SB_ERROR_ALREADY_RUNNING:
        return "The service is already running; there is nothing to start.";
    case SB_ERROR_NOT_RUNNING:
        return "The service is not running; start it first.";
    case SB_ERROR_FILE_NOT_FOUND:
        return "The driver's file is not there; check the path, and install it again if it moved.";
    case SB_ERROR_BAD_IMAGE:
        return "The file is not a kernel driver for 64-bit Windows; name a .sys built for x64.";
    case SB_ERROR_SIGNATURE:
        return "Windows does not accept the driver's signature, or its policy blocks the driver; "
               "enable test signing and install the certificate, or use a signed driver.";
    case SB_ERROR_START_FAILED:
        return "The driver refused to start; its debug output says why.";
    case SB_ERROR_STOP_FAILED:
        return "The driver has not stopped yet; it will once the programs that have its device "
               "open "
               "close it.";
    case SB_ERROR_DELETE_PENDING:
        return "The service is being removed but is still in use; close what uses it, or restart "
               "the machine.";
    case SB_ERROR_RING_VERSION:
        return "The driver speaks another version of shared rings; use program and driver of the "
               "same release.";
    case SB_ERROR_RING_SIZES:
        return "A ring's capacities must be powers of two, with room for two of the longest "
               "messages; ask for others.";
    case SB_ERROR_RING_LIMIT:
        return "The driver offers no ring of this size; ask for less.";
    case SB_ERROR_RING_OPEN:
        return "The device's ring is already open; close it first, or open the device once more.";
    case SB_ERROR_RING_COUNT:
        return "The driver has as many rings open as it allows; close another program's first.";
    case SB_ERROR_RING_FULL:
        return "The ring stayed full, so nothing was sent; the driver is slow, or waits until its "
               "own messages are received.";
    case SB_ERROR_RING_EMPTY:
        return "No message came in time; wait longer, or ask the driver why it is silent.";
    case SB_ERROR_RING_BROKEN:
        return "The ring was closed because what one side wrote made no sense to the other; its "
               "report says what. Close it and open it anew.";
    case SB_ERROR_PROTOCOL:
        return "What answers there is no driver of the toolkit, or of another version; check the "
               "address.";
    case SB_ERROR_DISCONNECTED:
        return "The driver has ended the connection, after a long silence or because it stops; "
               "open it again.";
    case SB_ERROR_SECRET:
        return "The program and the driver do not know the same secret; give the one in the "
               "driver's registry key.";
    case SB_ERROR_SYSTEM:
        break;
    }
    return "The system reported an error that the toolkit has no name for; look up its number.";
}
