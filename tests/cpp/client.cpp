// MyDevice's client in C++: the calls are those of C, owned by what C++ has.
#include <sysbuf/client.h>

#include <mydevice/contract.h>

#include <cstdio>
#include <cstring>
#include <memory>

namespace {

struct close_client {
    void operator()(sb_client *client) const
    {
        sb_close(client);
    }
};
using client_pointer = std::unique_ptr<sb_client, close_client>;

bool check(sb_error error, const char *what)
{
    if (error != SB_OK)
        std::fprintf(stderr, "%s: %s\n", what, sb_error_text(error));
    return error == SB_OK;
}

bool call()
{
    sb_client *opened = nullptr;
    if (!check(sb_open(MYDEVICE_PATH, &opened), "open"))
        return false;
    client_pointer client(opened);
    const mydevice_request request = {1, 2, 3, 4, 5};
    mydevice_reply reply = {};
    size_t length = 0;
    if (!check(sb_call(client.get(), MYDEVICE_HELLO, &request, sizeof(request), &reply,
                       sizeof(reply), &length, SB_FOREVER),
               "call"))
        return false;
    return length == sizeof(reply) && std::strcmp(reply.text, MYDEVICE_REPLY_TEXT) == 0;
}

} // namespace

int main(int, char **arguments)
{
    if (!check(sb_service_install(MYDEVICE_SERVICE, arguments[1]), "install") ||
        !check(sb_service_start(MYDEVICE_SERVICE), "start"))
        return 1;
    const bool answered = call();
    const bool stopped = check(sb_service_uninstall(MYDEVICE_SERVICE), "uninstall");
    return answered && stopped ? 0 : 1;
}
