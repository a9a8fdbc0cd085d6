"""The application side of sysbuf in Python: open a device, call its commands, run its driver.

A thin layer over the client library (include/sysbuf/client.h), with the same calls and rules; ctypes
alone, nothing to build. The library is looked for as SYSBUF_CLIENT_LIBRARY in the environment says,
else beside this file, in a build of the source tree, and where the system keeps libraries. On Linux
drivers run in a machine of the host inside this process; on Windows in the system.

    import sysbuf

    sysbuf.install("MyDevice", "mydevice.sys")
    sysbuf.start("MyDevice")
    with sysbuf.open(r"\\\\.\\MyDevice") as device:
        print(device.call(0x222000, bytes(20), capacity=14))

Times are in seconds, None is no limit. Bytes go in as anything with the buffer protocol and come
back as bytes. Whatever fails raises Error, whose text is the library's sentence. Any thread may
call; close() must be an object's last use.
"""
import ctypes
import enum
import os
import pathlib
import sys

__all__ = [
    "Batch", "Code", "Device", "Error", "Message", "Protocol", "Ring", "State", "Subscription",
    "Timeout", "Truncated", "control_code", "install", "open", "open_socket", "start", "status",
    "stop", "uninstall",
]


class Code(enum.IntEnum):
    """enum sb_error."""
    OK = 0
    ARGUMENT = 1
    NO_MEMORY = 2
    NOT_FOUND = 10
    BUSY = 11
    ACCESS_DENIED = 12
    TIMEOUT = 20
    TRUNCATED = 21
    BAD_LENGTH = 22
    REPLY_TOO_SMALL = 23
    UNKNOWN_COMMAND = 24
    CLOSED = 25
    STATE = 26
    TOO_LATE = 27
    VERSION = 28
    NOT_RUN = 29
    NOT_INSTALLED = 30
    ALREADY_INSTALLED = 31
    ALREADY_RUNNING = 32
    NOT_RUNNING = 33
    FILE_NOT_FOUND = 34
    BAD_IMAGE = 35
    SIGNATURE = 36
    START_FAILED = 37
    STOP_FAILED = 38
    DELETE_PENDING = 39
    PROTOCOL = 40
    DISCONNECTED = 41
    SECRET = 42
    RING_VERSION = 50
    RING_SIZES = 51
    RING_LIMIT = 52
    RING_OPEN = 53
    RING_COUNT = 54
    RING_FULL = 55
    RING_EMPTY = 56
    RING_BROKEN = 57
    SYSTEM = 99


class Error(Exception):
    """A call failed: code is the Code (or a number that a later library uses), system the system's
    own number or 0."""

    def __init__(self, code, system=0):
        super().__init__(_library.sb_error_text(code).decode())
        self.code = Code(code) if code in Code._value2member_map_ else code
        self.system = system


class Timeout(Error, TimeoutError):
    """Not in time."""


class Truncated(Error):
    """The reply was longer than there was room; reply is what fitted."""

    def __init__(self, reply):
        super().__init__(Code.TRUNCATED)
        self.reply = reply


class State(enum.IntEnum):
    """enum sb_service_state."""
    STOPPED = 0
    RUNNING = 1
    CHANGING = 2


# ---- the library ----

_FOREVER = 0xFFFFFFFF
_Handle = ctypes.c_void_p
_Size = ctypes.c_size_t
_U32 = ctypes.c_uint32
_U64 = ctypes.c_uint64


def _structure(name, *fields):
    return type(name, (ctypes.Structure,), {"_fields_": list(fields)})


_MessageInformation = _structure("_MessageInformation", ("length", _Size), ("sequence", _U64),
                                 ("lost", _U64), ("question", _U64))
_SubscribeOptions = _structure("_SubscribeOptions", ("pending", _U32), ("receive", _Handle),
                               ("context", _Handle))
_RingOptions = _structure("_RingOptions", ("message_maximum", _U32), ("to_driver_capacity", _U32),
                          ("to_client_capacity", _U32), ("spin", _U32))
_RingStatistics = _structure(
    "_RingStatistics", ("sent", _U64), ("sent_bytes", _U64), ("received", _U64),
    ("received_bytes", _U64), ("doorbells", _U64), ("send_sleeps", _U64), ("receive_sleeps", _U64))
_NotifyState = _structure(
    "_NotifyState", ("delivered", _U64), ("lost", _U64), ("refused", _U64), ("waiting", _U32),
    ("highest", _U32), ("pending", _U32), ("reserved", _U32))
_RingCounters = _structure("_RingCounters", ("messages", _U64), ("bytes", _U64),
                           ("doorbells", _U64), ("sleeps", _U64))
_RingReport = _structure(
    "_RingReport", ("size", _U32), ("reason", _U32), ("to_driver_fill", _U32),
    ("to_client_fill", _U32), ("to_driver", _RingCounters), ("to_client", _RingCounters),
    ("calls", _U64), ("failures", _U64))


class Protocol(ctypes.Structure):
    """struct sb_protocol: what a driver speaks and offers."""
    _fields_ = [("format", _U32), ("contract", _U32), ("protocol", _U32),
                ("protocol_oldest", _U32), ("features", _U64), ("notify_capacity", _U32),
                ("notify_maximum", _U32), ("pending_maximum", _U32), ("batch_maximum", _U32)]

    READ, WRITE, NOTIFY, BATCH, STATISTICS, DIRECT, RING = (1 << bit for bit in range(7))


def _candidates():
    name = "sysbuf_client.dll" if sys.platform == "win32" else "libsysbuf_client.so"
    here = pathlib.Path(__file__).resolve().parent
    if "SYSBUF_CLIENT_LIBRARY" in os.environ:
        return [os.environ["SYSBUF_CLIENT_LIBRARY"]]
    places = [here / name, here.parent / "build" / "linux" / "client" / name]
    return [str(place) for place in places if place.exists()] + [name]


def _load():
    reasons = []
    for candidate in _candidates():
        try:
            return ctypes.CDLL(candidate)
        except OSError as error:
            reasons.append(str(error))
    raise ImportError("sysbuf: the client library was not found; SYSBUF_CLIENT_LIBRARY may name it "
                      f"({'; '.join(reasons)})")


_PROTOTYPES = {
    "sb_open": "sP", "sb_open_socket": "spzuP", "sb_close": "v:h",
    "sb_call": "hupzpzPu", "sb_send": "hupzpzu", "sb_read": "hqpzPu", "sb_write": "hqpzPu",
    "sb_handshake": "hP", "sb_query_contract": "hP", "sb_query_statistics": "hPz",
    "sb_counter_name": "s:u", "sb_error_text": "s:u", "sb_system_error": "u:",
    "sb_subscribe": "hPP", "sb_receive": "hpzPu", "sb_answer": "hqpz",
    "sb_subscription_state": "hP", "sb_unsubscribe": "v:h",
    "sb_batch_create": "h:", "sb_batch_delete": "v:h", "sb_batch_add": "hupzz",
    "sb_batch_call": "hhuu", "sb_batch_result": "hzPP",
    "sb_service_install": "ss", "sb_service_start": "s", "sb_service_stop": "s",
    "sb_service_uninstall": "s", "sb_service_status": "sP",
    "sb_ring_open": "hPP", "sb_ring_close": "v:h", "sb_ring_message_maximum": "z:h",
    "sb_ring_send": "hpzu", "sb_ring_receive": "hpzPu", "sb_ring_call": "hupzpzPu",
    "sb_ring_get_statistics": "v:hP", "sb_ring_get_report": "hP", "sb_ring_reason_text": "s:u",
}
_TYPES = {"s": ctypes.c_char_p, "h": _Handle, "p": _Handle, "P": _Handle, "z": _Size, "u": _U32,
          "q": _U64, "v": None}


def _declare(library):
    """Letters are types: s text, h handle, p bytes, P where to write, z size, u and q numbers; in
    front of a colon the result's, which without one is an enum sb_error."""
    for name, letters in _PROTOTYPES.items():
        result, colon, arguments = letters.partition(":")
        if not colon:
            result, arguments = "u", letters
        function = getattr(library, name)
        function.restype = _TYPES[result]
        function.argtypes = [_TYPES[letter] for letter in arguments]


_library = _load()
_declare(_library)


def _check(code):
    """Raises what an enum sb_error says."""
    if code == Code.OK:
        return
    kind = Timeout if code == Code.TIMEOUT else Error
    raise kind(code, _library.sb_system_error())


def _milliseconds(seconds):
    if seconds is None:
        return _FOREVER
    return min(max(0, int(seconds * 1000 + 0.5)), _FOREVER - 1)


class _Bytes:
    """The bytes of an argument where the library can read them, for as long as this lives."""

    def __init__(self, data):
        view = memoryview(data).cast("B")
        self.length = view.nbytes
        self.kept = view.tobytes() if not isinstance(data, bytes) else data
        self.pointer = ctypes.cast(ctypes.c_char_p(self.kept), _Handle) if self.length else None


def _reply(code, room, length):
    """What came back, or the error."""
    if code == Code.TRUNCATED:
        raise Truncated(room.raw[:length.value])
    _check(code)
    return room.raw[:length.value]


class _Owned:
    """A handle of the library's that is closed once."""

    def __init__(self, handle, close, parent=None):
        self._handle = handle
        self._close = close
        self._children = []
        self._parent = parent
        if parent is not None:
            parent._children.append(self)

    def _get(self):
        if self._handle is None:
            raise ValueError(f"this {type(self).__name__} is closed")
        return self._handle

    def close(self):
        """Gives it back, and first what was opened by it. A second time does nothing."""
        while self._children:
            self._children[-1].close()
        if self._parent is not None and self in self._parent._children:
            self._parent._children.remove(self)
        handle, self._handle = self._handle, None
        if handle is not None:
            self._close(handle)

    def __enter__(self):
        self._get()
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None) is not None and not sys.is_finalizing():
            self.close()


# ---- devices ----

def control_code(function, method=0, access=0, device_type=0x22):
    """SB_CONTROL_CODE: method 0 buffered, 1 in direct, 2 out direct; access 1 read, 2 write."""
    return device_type << 16 | access << 14 | function << 2 | method


def open(path):  # pylint: disable=redefined-builtin
    r"""Opens a device, as \\.\Name."""
    handle = _Handle()
    _check(_library.sb_open(path.encode(), ctypes.byref(handle)))
    return Device(handle)


def open_socket(address, secret, timeout=None):
    """Opens a driver's socket, "tcp://127.0.0.1:PORT", with the secret that its registry has."""
    handle, proof = _Handle(), _Bytes(secret)
    _check(_library.sb_open_socket(address.encode(), proof.pointer, proof.length,
                                   _milliseconds(timeout), ctypes.byref(handle)))
    return Device(handle)


class Device(_Owned):
    """An open device."""

    def __init__(self, handle):
        super().__init__(handle, _library.sb_close)

    def call(self, code, data=b"", capacity=0, timeout=None):
        """Calls a command and returns its reply of at most capacity bytes."""
        given, room, length = _Bytes(data), ctypes.create_string_buffer(capacity), _Size()
        return _reply(_library.sb_call(self._get(), code, given.pointer, given.length,
                                       room if capacity else None, capacity, ctypes.byref(length),
                                       _milliseconds(timeout)), room, length)

    def send(self, code, data, input=b"", timeout=None):  # pylint: disable=redefined-builtin
        """Calls a METHOD_IN_DIRECT command: input, and data that the driver reads in place."""
        given, large = _Bytes(input), _Bytes(data)
        _check(_library.sb_send(self._get(), code, given.pointer, given.length, large.pointer,
                                large.length, _milliseconds(timeout)))

    def read(self, length, offset=0, timeout=None):
        """Reads up to length bytes."""
        room, got = ctypes.create_string_buffer(length), _Size()
        return _reply(_library.sb_read(self._get(), offset, room if length else None, length,
                                       ctypes.byref(got), _milliseconds(timeout)), room, got)

    def write(self, data, offset=0, timeout=None):
        """Writes, and returns how many bytes the driver took."""
        given, taken = _Bytes(data), _Size()
        _check(_library.sb_write(self._get(), offset, given.pointer, given.length,
                                 ctypes.byref(taken), _milliseconds(timeout)))
        return taken.value

    def handshake(self):
        """The driver's Protocol. Error VERSION: no version that both speak."""
        protocol = Protocol()
        _check(_library.sb_handshake(self._get(), ctypes.byref(protocol)))
        return protocol

    def contract(self):
        """The version of the driver's contract."""
        version = _U32()
        _check(_library.sb_query_contract(self._get(), ctypes.byref(version)))
        return version.value

    def statistics(self):
        """The driver's counters by name."""
        names = []
        while (name := _library.sb_counter_name(len(names))) is not None:
            names.append(name.decode())
        values = (_U64 * len(names))()
        _check(_library.sb_query_statistics(self._get(), values, len(names)))
        return dict(zip(names, values))

    def subscribe(self, pending=0):
        """Subscribes to notifications; pending requests are kept at the driver (0: 8)."""
        handle, options = _Handle(), _SubscribeOptions(pending)
        _check(_library.sb_subscribe(self._get(), ctypes.byref(options), ctypes.byref(handle)))
        return Subscription(handle, self)

    def batch(self):
        """An empty batch for this device."""
        return Batch(self)

    def ring(self, message_maximum=0, to_driver_capacity=0, to_client_capacity=0, spin=0):
        """Opens the shared ring of this device; 0: a good size."""
        handle = _Handle()
        options = _RingOptions(message_maximum, to_driver_capacity, to_client_capacity, spin)
        _check(_library.sb_ring_open(self._get(), ctypes.byref(options), ctypes.byref(handle)))
        return Ring(handle, self)

    def ring_report(self):
        """struct sb_ring_report as a dictionary, with the reason's sentence."""
        report = _RingReport()
        _check(_library.sb_ring_get_report(self._get(), ctypes.byref(report)))
        result = _fields(report)
        result["text"] = _library.sb_ring_reason_text(report.reason).decode()
        return result


def _fields(structure):
    values = ((name, getattr(structure, name)) for name, _ in structure._fields_)
    return {name: _fields(value) if isinstance(value, ctypes.Structure) else value
            for name, value in values if name not in ("size", "reserved")}


# ---- notifications ----

class Message(bytes):
    """A message, with its sequence, the messages lost so far, and the question to answer or 0."""
    sequence = lost = question = 0


class Subscription(_Owned):
    """Messages of the driver's, in order; iterating waits for each and ends with the subscription.
    """

    def __init__(self, handle, device):
        super().__init__(handle, _library.sb_unsubscribe, device)
        self._capacity = device.handshake().notify_maximum

    def receive(self, timeout=None):
        """The next message; raises Timeout where there is none in time."""
        room, known = ctypes.create_string_buffer(self._capacity), _MessageInformation()
        _check(_library.sb_receive(self._get(), room, self._capacity, ctypes.byref(known),
                                   _milliseconds(timeout)))
        message = Message(room.raw[:known.length])
        message.sequence, message.lost = known.sequence, known.lost
        message.question = known.question
        return message

    def __iter__(self):
        while self._handle is not None:
            try:
                yield self.receive()
            except Error as error:
                if error.code == Code.CLOSED:
                    return
                raise

    def answer(self, message, data=b""):
        """Answers a message with a question."""
        given = _Bytes(data)
        _check(_library.sb_answer(self._get(), message.question, given.pointer, given.length))

    def state(self):
        """How the driver sees it: what waits, what was lost."""
        state = _NotifyState()
        _check(_library.sb_subscription_state(self._get(), ctypes.byref(state)))
        return _fields(state)


# ---- batches ----

class Batch(_Owned):
    """Commands that are sent together. run() returns each one's reply, or its Error."""

    def __init__(self, device):
        handle = _library.sb_batch_create()
        if handle is None:
            raise MemoryError
        super().__init__(handle, _library.sb_batch_delete, device)
        self._device = device
        self._count = 0

    def add(self, code, data=b"", capacity=0):
        """Adds a command; returns its index."""
        given = _Bytes(data)
        _check(_library.sb_batch_add(self._get(), code, given.pointer, given.length, capacity))
        self._count += 1
        return self._count - 1

    def run(self, stop_at_failure=False, timeout=None):
        """Sends them; what failed stands in the list as an exception, not raised."""
        _check(_library.sb_batch_call(self._device._get(), self._get(), int(stop_at_failure),
                                      _milliseconds(timeout)))
        return [self._result(index) for index in range(self._count)]

    def _result(self, index):
        reply, length = _Handle(), _Size()
        code = _library.sb_batch_result(self._get(), index, ctypes.byref(reply),
                                        ctypes.byref(length))
        data = ctypes.string_at(reply, length.value) if length.value else b""
        if code == Code.TRUNCATED:
            return Truncated(data)
        return data if code == Code.OK else Error(code)


# ---- rings ----

class Ring(_Owned):
    """Messages both ways through shared memory. One thread may send while another receives."""

    def __init__(self, handle, device):
        super().__init__(handle, _library.sb_ring_close, device)
        self.message_maximum = _library.sb_ring_message_maximum(handle)
        self._room = ctypes.create_string_buffer(self.message_maximum)

    def send(self, message, timeout=None):
        """Sends a message; Error RING_FULL: there was no room in time."""
        given = _Bytes(message)
        _check(_library.sb_ring_send(self._get(), given.pointer, given.length,
                                     _milliseconds(timeout)))

    def receive(self, timeout=None):
        """The next message; Error RING_EMPTY: none in time."""
        length = _Size()
        _check(_library.sb_ring_receive(self._get(), self._room, self.message_maximum,
                                        ctypes.byref(length), _milliseconds(timeout)))
        return ctypes.string_at(self._room, length.value)

    def call(self, code, data=b"", capacity=0, timeout=None):
        """Calls a command of the driver by the ring."""
        given, room, length = _Bytes(data), ctypes.create_string_buffer(capacity), _Size()
        return _reply(_library.sb_ring_call(self._get(), code, given.pointer, given.length,
                                            room if capacity else None, capacity,
                                            ctypes.byref(length), _milliseconds(timeout)),
                      room, length)

    def statistics(self):
        """This side's counters."""
        statistics = _RingStatistics()
        _library.sb_ring_get_statistics(self._get(), ctypes.byref(statistics))
        return _fields(statistics)


# ---- services ----

def install(name, path):
    """Registers the driver in the file at path as a service, started on demand."""
    _check(_library.sb_service_install(name.encode(), os.fspath(path).encode()))


def start(name):
    """Starts the service: loads the driver."""
    _check(_library.sb_service_start(name.encode()))


def stop(name):
    """Stops the service: unloads the driver once nobody has it open."""
    _check(_library.sb_service_stop(name.encode()))


def uninstall(name):
    """Stops the service if it runs, and removes it."""
    _check(_library.sb_service_uninstall(name.encode()))


def status(name):
    """The service's State."""
    state = ctypes.c_int()
    _check(_library.sb_service_status(name.encode(), ctypes.byref(state)))
    return State(state.value)
