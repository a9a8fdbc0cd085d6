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
back as bytes. Whatever fails raises Error, whose text is the library's sentence.

Any thread may call anything at any time, close() too: it ends the calls of other threads, which raise
Error CLOSED, and waits for them; whoever comes later gets a ValueError, and closing again does nothing.
What is still open when the interpreter exits is closed then.
"""
import atexit
import ctypes
import enum
import os
import pathlib
import sys
import threading
import time
import weakref

__all__ = [
    "Batch", "Code", "Device", "Error", "Message", "Protocol", "Ring", "State", "Subscription",
    "Timeout", "Truncated", "control_code", "install", "open", "open_socket", "start", "status",
    "stop", "trace", "uninstall",
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
_Receive = ctypes.CFUNCTYPE(None, _Handle, _Handle, ctypes.POINTER(_MessageInformation))
_SubscribeOptions = _structure("_SubscribeOptions", ("pending", _U32), ("receive", _Receive),
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
    "sb_open": "sP", "sb_open_socket": "spzuP", "sb_close": "v:h", "sb_end_calls": "v:h",
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
    "sb_ring_reserve": "hzPu", "sb_ring_commit": "v:hz", "sb_ring_flush": "v:h",
    "sb_ring_peek": "hPPu", "sb_ring_take": "v:h",
    "sb_ring_get_statistics": "v:hP", "sb_ring_get_report": "hP", "sb_ring_reason_text": "s:u",
    "sb_trace_requests": "s",
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


class _Use:
    """A use of an object's handle: it is not closed before the last one ends."""
    __slots__ = ("_owner",)

    def __init__(self, owner):
        self._owner = owner

    def __enter__(self):
        owner = self._owner
        with owner._changed:
            if owner._closing:
                raise ValueError(f"this {type(owner).__name__} is closed")
            owner._uses += 1
        return owner._handle

    def __exit__(self, *_):
        owner = self._owner
        with owner._changed:
            owner._uses -= 1
            if owner._closing and owner._uses == 0:
                owner._changed.notify_all()


class _Owned:
    """A handle of the library's that is closed once, after its last use. Closing goes through

        open --> closing: no use begins --> children closed, uses ended --> closed

    and whoever closes besides waits for the first."""

    _closes_late = False  # of a child: ending its uses ends all calls of the parent

    def __init__(self, handle, close, parent=None):
        self._handle = handle
        self._close = close
        self._changed = threading.Condition()  # guards what follows
        self._closing = False
        self._uses = 0
        self._children = []
        self._parent = parent
        if parent is not None:
            parent._adopt(self)

    def _adopt(self, child):
        with self._changed:
            if not self._closing:
                self._children.append(child)
                return
        child._closing = True
        child._close(child._handle)
        child._handle = None
        raise ValueError(f"this {type(self).__name__} is closed")

    def _forget(self, child):
        with self._changed:
            if child in self._children:
                self._children.remove(child)

    def _use(self):
        return _Use(self)

    def _end_uses(self):
        """Makes those who wait in the library come back."""

    def _refuse_own_callback(self):
        """A callback cannot wait for its own end."""
        for child in tuple(self._children):
            child._refuse_own_callback()

    def close(self):
        """Gives it back, and first what was opened by it. A second time does nothing."""
        self._refuse_own_callback()
        with self._changed:
            if self._closing:
                self._changed.wait_for(lambda: self._handle is None)
                return
            self._closing = True
        for child in sorted(self._children, key=lambda child: child._closes_late):
            child.close()
        self._end_uses()
        with self._changed:
            self._changed.wait_for(lambda: self._uses == 0)
        self._close(self._handle)
        with self._changed:
            self._handle = None
            self._changed.notify_all()
        if self._parent is not None:
            self._parent._forget(self)

    def __enter__(self):
        with self._use():
            return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if not getattr(self, "_closing", True) and not sys.is_finalizing():
            self.close()


_devices = weakref.WeakSet()  # those that are open
_devices_lock = threading.Lock()


@atexit.register
def _close_all():
    """Before the interpreter goes: nobody may be in the library, or call back, after that."""
    with _devices_lock:
        devices = list(_devices)
    for device in devices:
        device.close()


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


_NOTIFY_UNSUBSCRIBE = control_code(0xE63)
_RING_CLOSE = control_code(0xE62, access=3)


class Device(_Owned):
    """An open device."""

    def __init__(self, handle):
        super().__init__(handle, _library.sb_close)
        with _devices_lock:
            _devices.add(self)

    def _end_uses(self):
        _library.sb_end_calls(self._handle)

    def _tell(self, code):
        """A command that ends something, whether or not the device is being closed."""
        _library.sb_call(self._handle, code, None, 0, None, 0, None, 5000)

    def call(self, code, data=b"", capacity=0, timeout=None):
        """Calls a command and returns its reply of at most capacity bytes."""
        given, room, length = _Bytes(data), ctypes.create_string_buffer(capacity), _Size()
        with self._use() as handle:
            return _reply(_library.sb_call(handle, code, given.pointer, given.length,
                                           room if capacity else None, capacity,
                                           ctypes.byref(length), _milliseconds(timeout)),
                          room, length)

    def send(self, code, data, input=b"", timeout=None):  # pylint: disable=redefined-builtin
        """Calls a METHOD_IN_DIRECT command: input, and data that the driver reads in place."""
        given, large = _Bytes(input), _Bytes(data)
        with self._use() as handle:
            _check(_library.sb_send(handle, code, given.pointer, given.length, large.pointer,
                                    large.length, _milliseconds(timeout)))

    def read(self, length, offset=0, timeout=None):
        """Reads up to length bytes."""
        room, got = ctypes.create_string_buffer(length), _Size()
        with self._use() as handle:
            return _reply(_library.sb_read(handle, offset, room if length else None, length,
                                           ctypes.byref(got), _milliseconds(timeout)), room, got)

    def write(self, data, offset=0, timeout=None):
        """Writes, and returns how many bytes the driver took."""
        given, taken = _Bytes(data), _Size()
        with self._use() as handle:
            _check(_library.sb_write(handle, offset, given.pointer, given.length,
                                     ctypes.byref(taken), _milliseconds(timeout)))
        return taken.value

    def handshake(self):
        """The driver's Protocol. Error VERSION: no version that both speak."""
        protocol = Protocol()
        with self._use() as handle:
            _check(_library.sb_handshake(handle, ctypes.byref(protocol)))
        return protocol

    def contract(self):
        """The version of the driver's contract."""
        version = _U32()
        with self._use() as handle:
            _check(_library.sb_query_contract(handle, ctypes.byref(version)))
        return version.value

    def statistics(self):
        """The driver's counters by name."""
        names = []
        while (name := _library.sb_counter_name(len(names))) is not None:
            names.append(name.decode())
        values = (_U64 * len(names))()
        with self._use() as handle:
            _check(_library.sb_query_statistics(handle, values, len(names)))
        return dict(zip(names, values))

    def subscribe(self, pending=0, receive=None):
        """Subscribes to notifications; pending requests are kept at the driver (0: 8). receive, if
        given, is called with each Message by a thread of the library's, in order; what it raises is
        reported as a thread's is (threading.excepthook), and the next message comes all the same.
        It may do anything but close its own subscription or device."""
        return Subscription(self, pending, receive)

    def batch(self):
        """An empty batch for this device."""
        return Batch(self)

    def ring(self, message_maximum=0, to_driver_capacity=0, to_client_capacity=0, spin=0):
        """Opens the shared ring of this device; 0: a good size."""
        handle = _Handle()
        options = _RingOptions(message_maximum, to_driver_capacity, to_client_capacity, spin)
        with self._use() as device:
            _check(_library.sb_ring_open(device, ctypes.byref(options), ctypes.byref(handle)))
            return Ring(handle, self)

    def ring_report(self):
        """struct sb_ring_report as a dictionary, with the reason's sentence."""
        report = _RingReport()
        with self._use() as handle:
            _check(_library.sb_ring_get_report(handle, ctypes.byref(report)))
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


def _message(data, known):
    message = Message(data)
    message.sequence, message.lost = known.sequence, known.lost
    message.question = known.question
    return message


_SLICE = 0.25  # seconds


def _in_slices(timeout, receive):
    """Waits so that an interruption from the keyboard is heard: receive(seconds) again and again,
    until it has something or the time is up."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _SLICE if end is None else max(0, end - time.monotonic())
        try:
            return receive(min(left, _SLICE))
        except Error as error:
            is_over = end is not None and left <= _SLICE
            if is_over or error.code not in (Code.TIMEOUT, Code.RING_EMPTY):
                raise


_calling_back = threading.local()  # .subscription, in the thread of a callback
_subscriptions_with_callback = set()  # they live until they are closed


class Subscription(_Owned):
    """Messages of the driver's, in order; iterating waits for each and ends with the subscription.
    """

    def __init__(self, device, pending, receive):
        self._closing = True  # until it is made
        self._capacity = device.handshake().notify_maximum
        self._callback = receive
        self._is_made = threading.Event()
        options = _SubscribeOptions(pending)
        if receive is not None:
            self._kept = options.receive = _Receive(self._called_back)
            _subscriptions_with_callback.add(self)
        handle = _Handle()
        try:
            with device._use() as parent:
                _check(_library.sb_subscribe(parent, ctypes.byref(options), ctypes.byref(handle)))
                super().__init__(handle, self._unsubscribe, device)
        except BaseException:
            _subscriptions_with_callback.discard(self)
            raise
        finally:
            self._is_made.set()

    def _unsubscribe(self, handle):
        self._is_made.set()
        _library.sb_unsubscribe(handle)
        _subscriptions_with_callback.discard(self)

    def _end_uses(self):
        self._parent._tell(_NOTIFY_UNSUBSCRIBE)

    def _refuse_own_callback(self):
        if getattr(_calling_back, "subscription", None) is self:
            raise RuntimeError("a callback cannot close its own subscription")

    def _called_back(self, _, data, known):
        self._is_made.wait()
        if self._closing:
            return
        _calling_back.subscription = self
        try:
            known = known.contents
            self._callback(_message(ctypes.string_at(data, known.length), known))
        except BaseException:  # pylint: disable=broad-except
            threading.excepthook(threading.ExceptHookArgs(
                sys.exc_info() + (threading.current_thread(),)))
        finally:
            _calling_back.subscription = None

    def receive(self, timeout=None):
        """The next message; raises Timeout where there is none in time."""
        return _in_slices(timeout, self._receive)

    def _receive(self, timeout):
        room, known = ctypes.create_string_buffer(self._capacity), _MessageInformation()
        with self._use() as handle:
            _check(_library.sb_receive(handle, room, self._capacity, ctypes.byref(known),
                                       _milliseconds(timeout)))
        return _message(room.raw[:known.length], known)

    def __iter__(self):
        while not self._closing:
            try:
                message = self.receive()
            except ValueError:  # closed just now
                return
            except Error as error:
                if error.code == Code.CLOSED:
                    return
                raise
            yield message

    def answer(self, message, data=b""):
        """Answers a message with a question."""
        given = _Bytes(data)
        with self._use() as handle:
            _check(_library.sb_answer(handle, message.question, given.pointer, given.length))

    def state(self):
        """How the driver sees it: what waits, what was lost."""
        state = _NotifyState()
        with self._use() as handle:
            _check(_library.sb_subscription_state(handle, ctypes.byref(state)))
        return _fields(state)


# ---- batches ----

class Batch(_Owned):
    """Commands that are sent together. run() returns each one's reply, or its Error."""

    _closes_late = True

    def __init__(self, device):
        handle = _library.sb_batch_create()
        if handle is None:
            raise MemoryError
        super().__init__(handle, _library.sb_batch_delete, device)
        self._one_at_a_time = threading.Lock()
        self._count = 0

    def add(self, code, data=b"", capacity=0):
        """Adds a command; returns its index."""
        given = _Bytes(data)
        with self._use() as handle, self._one_at_a_time:
            _check(_library.sb_batch_add(handle, code, given.pointer, given.length, capacity))
            self._count += 1
            return self._count - 1

    def run(self, stop_at_failure=False, timeout=None):
        """Sends them; what failed stands in the list as an exception, not raised."""
        with self._parent._use() as device, self._use() as handle, self._one_at_a_time:
            _check(_library.sb_batch_call(device, handle, int(stop_at_failure),
                                          _milliseconds(timeout)))
            return [self._result(handle, index) for index in range(self._count)]

    def _end_uses(self):
        if self._parent._closing:  # else a batch that runs is waited for
            self._parent._end_uses()

    @staticmethod
    def _result(handle, index):
        reply, length = _Handle(), _Size()
        code = _library.sb_batch_result(handle, index, ctypes.byref(reply), ctypes.byref(length))
        data = ctypes.string_at(reply, length.value) if length.value else b""
        if code == Code.TRUNCATED:
            return Truncated(data)
        return data if code == Code.OK else Error(code)


# ---- rings ----

class Ring(_Owned):
    """Messages both ways through shared memory. Threads that send, or receive, take turns."""

    def __init__(self, handle, device):
        super().__init__(handle, _library.sb_ring_close, device)
        self.message_maximum = _library.sb_ring_message_maximum(handle)
        self._room = ctypes.create_string_buffer(self.message_maximum)
        self._sending, self._receiving = threading.Lock(), threading.Lock()

    def _end_uses(self):
        self._parent._tell(_RING_CLOSE)

    def send(self, message, timeout=None):
        """Sends a message; Error RING_FULL: there was no room in time."""
        given = _Bytes(message)
        with self._use() as handle, self._sending:
            _check(_library.sb_ring_send(handle, given.pointer, given.length,
                                         _milliseconds(timeout)))

    def send_many(self, messages, timeout=None):
        """Sends messages and shows them to the driver together; timeout is for each one's room.
        Those before one that failed are sent."""
        room = _Handle()
        with self._use() as handle, self._sending:
            try:
                for message in messages:
                    given = _Bytes(message)
                    _check(_library.sb_ring_reserve(handle, given.length, ctypes.byref(room),
                                                    _milliseconds(timeout)))
                    ctypes.memmove(room, given.pointer, given.length)
                    _library.sb_ring_commit(handle, given.length)
            finally:
                _library.sb_ring_flush(handle)

    def receive(self, timeout=None):
        """The next message; Error RING_EMPTY: none in time."""
        return _in_slices(timeout, self._receive)

    def _receive(self, timeout):
        length = _Size()
        with self._use() as handle, self._receiving:
            _check(_library.sb_ring_receive(handle, self._room, self.message_maximum,
                                            ctypes.byref(length), _milliseconds(timeout)))
            return ctypes.string_at(self._room, length.value)

    def receive_many(self, most):
        """The messages that are there, up to so many of them: a list, which may be empty."""
        messages, place, length = [], _Handle(), _Size()
        with self._use() as handle, self._receiving:
            while len(messages) < most:
                code = _library.sb_ring_peek(handle, ctypes.byref(place), ctypes.byref(length), 0)
                if code == Code.RING_EMPTY or code != Code.OK and messages:
                    break
                _check(code)
                messages.append(ctypes.string_at(place, length.value))
                _library.sb_ring_take(handle)
        return messages

    def call(self, code, data=b"", capacity=0, timeout=None):
        """Calls a command of the driver by the ring."""
        given, room, length = _Bytes(data), ctypes.create_string_buffer(capacity), _Size()
        with self._use() as handle, self._sending, self._receiving:
            return _reply(_library.sb_ring_call(handle, code, given.pointer, given.length,
                                                room if capacity else None, capacity,
                                                ctypes.byref(length), _milliseconds(timeout)),
                          room, length)

    def statistics(self):
        """This side's counters."""
        statistics = _RingStatistics()
        with self._use() as handle:
            _library.sb_ring_get_statistics(handle, ctypes.byref(statistics))
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


# ---- a trace ----

def trace(path):
    """Writes the life of each request to a file for Perfetto, on Linux; before the first other
    call. None ends it."""
    _check(_library.sb_trace_requests(None if path is None else os.fspath(path).encode()))
