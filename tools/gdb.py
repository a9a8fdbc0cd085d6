"""For gdb: shows the drivers that sysbuf has loaded, with their source lines where they carry DWARF.

    gdb -x tools/gdb.py --args build/sysbuf run DRIVER.sys SCRIPT

Breakpoints in drivers may be set before the run (`set breakpoint pending on` is done here). Stacks
are followed through drivers by their .pdata, so this works for drivers without DWARF too. The
command `sysbuf-drivers` lists what is loaded.
"""
import os
import struct
import tempfile

import gdb
from gdb.unwinder import Unwinder, register_unwinder

REGISTERS = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
             "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"]
RSP, RBP = 4, 5
loaded = []


def read(address, length):
    return gdb.selected_inferior().read_memory(address, length).tobytes()


class Driver:
    """A loaded image: its range, its name, its function table."""

    def __init__(self, base, size, name):
        self.base, self.size, self.name = base, size, name
        header = base + struct.unpack("<I", read(base + 0x3C, 4))[0]
        self.functions, self.length = struct.unpack("<II", read(header + 24 + 112 + 3 * 8, 8))

    def function(self, offset):
        """(begin, unwind information) of the function at an offset; None: a leaf."""
        table = read(self.base + self.functions, self.length) if self.length else b""
        for begin, end, information in struct.iter_unpack("<III", table[:len(table) // 12 * 12]):
            if begin <= offset < end:
                return begin, information
        return None


def find(address):
    for driver in loaded:
        if driver.base <= address < driver.base + driver.size:
            return driver
    return None


class Unwound:
    """The caller's registers, by "x64 exception handling" in Microsoft's documentation."""

    def __init__(self, driver, registers, offset):
        self.driver = driver
        self.registers = dict(registers)
        self.restored = {}
        self.machine_frame = False
        entry = driver.function(offset)
        while entry:
            entry = self.undo(entry[1], offset - entry[0])

    def slot(self, address):
        return struct.unpack("<Q", read(address, 8))[0]

    def restore(self, number, address):
        name = REGISTERS[number]
        self.registers[name] = self.slot(address)
        self.restored[name] = address

    def undo(self, information, into):
        """One unwind information; answers with the next of its chain, or None. `into`: bytes
        of the function that have run, so that only what the prologue did is undone."""
        start = self.driver.base + information
        flags, _, count, frame = struct.unpack("<BBBB", read(start, 4))
        codes = struct.unpack(f"<{count}H", read(start + 4, 2 * count))
        frame_register, frame_offset = frame & 15, frame >> 4
        index = 0
        while index < count:
            code = codes[index]
            used = self.code(codes[index:], frame_register, frame_offset,
                             code & 0xFF <= into)
            index += used
        if flags >> 3 & 4: # chained
            begin, _, parent = struct.unpack("<III", read(start + 4 + (count + 1) // 2 * 4, 12))
            return begin, parent
        return None

    def code(self, codes, frame_register, frame_offset, done):
        """Undoes one unwind code if it was done; how many slots it takes."""
        operation, info = codes[0] >> 8 & 15, codes[0] >> 12
        slots = {0: 1, 1: 2 + info, 2: 1, 3: 1, 4: 2, 5: 3, 8: 2, 9: 3, 10: 1}.get(operation, 1)
        if not done:
            return slots
        rsp = self.registers["rsp"]
        if operation == 0: # push
            self.restore(info, rsp)
            self.registers["rsp"] = rsp + 8
        elif operation == 1: # large allocation
            size = codes[1] * 8 if info == 0 else codes[1] | codes[2] << 16
            self.registers["rsp"] = rsp + size
        elif operation == 2: # small allocation
            self.registers["rsp"] = rsp + info * 8 + 8
        elif operation == 3: # a frame register was set
            self.registers["rsp"] = self.registers[REGISTERS[frame_register]] - frame_offset * 16
        elif operation == 4: # a register was saved
            self.restore(info, rsp + codes[1] * 8)
        elif operation == 5:
            self.restore(info, rsp + (codes[1] | codes[2] << 16))
        return slots


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class DriverUnwinder(Unwinder):
    """Frames in drivers. gdb's own ways come after this one."""

    def __init__(self):
        super().__init__("sysbuf drivers")

    def __call__(self, frame):
        pc = int(frame.read_register("rip"))
        driver = find(pc)
        if not driver:
            return None
        registers = {name: int(frame.read_register(name)) % 2**64 for name in REGISTERS}
        try:
            caller = Unwound(driver, registers, pc - driver.base)
            stack = caller.registers["rsp"]
            unsigned = gdb.lookup_type("unsigned long")
            function = driver.function(pc - driver.base)
            start = driver.base + function[0] if function else pc
            info = frame.create_unwind_info(FrameId(gdb.Value(stack + 8).cast(unsigned),
                                                    gdb.Value(start).cast(unsigned)))
            for name in REGISTERS:
                value = stack + 8 if name == "rsp" else caller.registers[name]
                info.add_saved_register(name, gdb.Value(value).cast(unsigned))
            info.add_saved_register("rip", gdb.Value(caller.slot(stack)).cast(unsigned))
            return info
        except (gdb.MemoryError, struct.error):
            return None


def add_symbols(driver, file, length):
    """The host keeps the file's bytes; gdb reads its DWARF from a copy. PE addresses are absolute,
    so the symbols move by how far the image was moved."""
    content = read(file, length)
    header = struct.unpack_from("<I", content, 0x3C)[0]
    preferred = struct.unpack_from("<Q", content, header + 24 + 24)[0]
    path = os.path.join(folder.name, driver.name)
    with open(path, "wb") as copy:
        copy.write(content)
    offset = (driver.base - preferred) % 2**64
    gdb.execute(f"add-symbol-file {path} -o {offset:#x}", to_string=True)


class Loading(gdb.Breakpoint):
    """Stops nowhere: notes each image when it is laid out, before any of it runs."""

    def __init__(self):
        super().__init__("image_protect", internal=True)
        self.silent = True

    def stop(self):
        image = gdb.newest_frame().read_var("image").dereference()
        name = image["name"].string()
        driver = Driver(int(image["base"]), int(image["size"]), name)
        loaded[:] = [other for other in loaded if other.base != driver.base] + [driver]
        try:
            add_symbols(driver, int(image["file"]), int(image["file_size"]))
        except gdb.error as error:
            print(f"sysbuf: no symbols for {name}: {error}")
        return False


class Unloading(gdb.Breakpoint):
    """Forgets an image before its memory goes, and with it the breakpoints' places there."""

    def __init__(self):
        super().__init__("loader_unload", internal=True)
        self.silent = True

    def stop(self):
        image = gdb.newest_frame().read_var("image").dereference()
        loaded[:] = [driver for driver in loaded if driver.base != int(image["base"])]
        path = os.path.join(folder.name, image["name"].string())
        try:
            gdb.execute(f"remove-symbol-file {path}", to_string=True)
        except gdb.error:
            pass # it had none
        return False


class Protecting(gdb.Breakpoint):
    """Keeps drivers' code writable: Linux lets no debugger write a breakpoint into, or take it out
    of, shared memory that is not, and the memory of drivers is shared."""

    def __init__(self):
        super().__init__("linux_pages_protect", internal=True)
        self.silent = True

    def stop(self):
        if gdb.newest_frame().read_var("protection") == gdb.parse_and_eval("LINUX_READ_EXECUTE"):
            gdb.execute("set $edx = LINUX_READ_WRITE_EXECUTE")
        return False


class Drivers(gdb.Command):
    """Lists the drivers that are loaded: base, size, name."""

    def __init__(self):
        super().__init__("sysbuf-drivers", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for driver in loaded:
            print(f"{driver.base:#x}  {driver.size:#8x}  {driver.name}")


folder = tempfile.TemporaryDirectory(prefix="sysbuf-gdb-")
for setting in ("confirm off", "breakpoint pending on"):
    gdb.execute(f"set {setting}")
# The host deals with the faults of drivers, and stops threads by a signal.
gdb.execute("handle SIGSEGV SIGBUS SIGILL SIGFPE nostop noprint pass", to_string=True)
gdb.execute("handle SIG59 nostop noprint pass", to_string=True)
Loading()
Unloading()
Protecting()
Drivers()
register_unwinder(None, DriverUnwinder(), replace=True)
