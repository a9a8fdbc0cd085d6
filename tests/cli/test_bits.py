#!/usr/bin/python3
"""Applications of 32 bits on the 64-bit drivers: the same bytes, the same answers."""
import struct
import unittest

from sysbuf import Case, ROOT, run

DRIVERS = ROOT / "build" / "windows-x64" / "tests" / "drivers"
SUBSCRIBE, NEXT, ANSWER, UNSUBSCRIBE, QUERY = (0x220000 | (0xE60 + i) << 2 for i in range(5))
BATCH, CONTRACT = 0x220000 | 0xE68 << 2, 0x220000 | 0xE5B << 2
ECHO, POST = 0x220000 | 0x900 << 2, 0x220000 | 0x902 << 2

CHANNELS = f"""open SbChannels as c overlapped
ioctl c {CONTRACT} out 40
expect success information 40 bytes at 0 u32 2 5 2 1
ioctl c {CONTRACT} out 8
expect success bytes u32 1 5
ioctl c {SUBSCRIBE} in u32 2 0 out 24
expect success information 24 bytes at 0 u32 2 2 64 256
ioctl c {POST} in text "first"
expect success
ioctl c {NEXT} out 300
expect success information 37
ioctl c {NEXT} out 300 as waiting
expect status STATUS_PENDING
ioctl c {POST} in text "second"
wait waiting for 5000
expect success information 38
ioctl c {NEXT} out 300 as cancelled
cancel cancelled
wait cancelled for 5000
expect status STATUS_CANCELLED
ioctl c {ANSWER} in u64 99
expect status STATUS_NOT_FOUND
ioctl c {QUERY} out 40
expect success information 40 bytes u64 2 0 0 u32 0 1 0 0
ioctl c {UNSUBSCRIBE}
expect success
# Two echoes in one call.
ioctl c {BATCH} in u32 1 0 2 0 {ECHO} 48 3 8 {ECHO} 56 5 8 text "one" zeros 5 text "seven" zeros 3 out 64
expect success
stats c
close c
"""

RING_OPEN, RING_REPORT, RING_CLOSE = (f"ctl 0x22 {0xE60 + i} buffered {3 if i != 1 else 0}"
                                      for i in range(3))
RING = f"""open SbRinger as r
ioctl r {RING_OPEN} in u32 32 1 1 0 1024 4096 4096 0 out 80
expect success information 80
ioctl r {RING_REPORT} out 96
expect success information 96
ioctl r {RING_CLOSE}
expect success
close r
"""


class Bits(Case):
    def outputs(self, driver, script):
        """What the script shows in a process of each kind."""
        both = []
        for bits in (64, 32):
            answer = run("run", "--full", "--log", "/dev/null", DRIVERS / driver, "-",
                         text=f"bits {bits}\n{script}")
            self.assertEqual((answer.code, answer.errors), (0, ""), answer.output)
            both.append(answer.output)
        return both

    def test_the_channels_answer_byte_for_byte_alike(self):
        wide, narrow = self.outputs("channels.sys", CHANNELS)
        self.assertIn("|first|", wide.replace("\n", ""))
        self.assertEqual(wide, narrow)

    def test_a_ring_is_shown_where_a_32_bit_process_can_reach_it(self):
        _, narrow = self.outputs("ringer.sys", RING)
        lines = narrow[narrow.index("information 80"):].splitlines()[1:6]
        reply = bytes.fromhex("".join(line.split("  ")[1] if line.count("  ") else ""
                                      for line in (each.strip()[4:] for each in lines)))
        fields = struct.unpack("<8I6Q", reply)
        self.assertEqual(fields[:3], (80, 0, 1))
        view, length = fields[8:10]
        self.assertEqual(length, 4096 + 2 * 4096)
        self.assertTrue(0 < view and view + length <= 1 << 32)
        self.assertTrue(all(0 < handle < 1 << 32 for handle in fields[10:]))


if __name__ == "__main__":
    unittest.main()
