#!/usr/bin/python3
"""sysbuf run --trace: the file is JSON, and each request's life in it is whole and in order."""
import json
import pathlib
import tempfile
import unittest

from sysbuf import Case, PLAIN, ROOT, run

ECHO, CRASH, LATER, HANG = (0x220000 + (function << 2)
                            for function in (0x800, 0x802, 0x803, 0x806))
PEND_DRIVER = ROOT / "build" / "windows-x64" / "tests" / "drivers" / "pend.sys"
WAIT = 0x222800


class Trace(Case):
    def trace(self, text, code=0, options=(), driver=PLAIN):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "trace.json"
            answer = run("run", "-q", "--trace", path, *options, driver, "-", text=text)
            self.assertEqual(answer.code, code, answer.output + answer.errors)
            events = json.loads(path.read_text())["traceEvents"]
        self.check_form(events)
        return events

    def check_form(self, events):
        """Times never go back; threads are named first; requests begin once and end once."""
        last, named, states, depths = 0, set(), {}, {}
        for event in events:
            thread = (event["pid"], event["tid"])
            if event["ph"] == "M":
                named.add((event["name"],) + thread)
                continue
            self.assertGreaterEqual(event["ts"], last)
            last = event["ts"]
            self.assertIn(("process_name", event["pid"], 0), named)
            self.assertIn(("thread_name",) + thread, named)
            self.assertIn("irql", event["args"])
            if event["ph"] in "bne":
                wanted = {"b": None, "n": "open", "e": "open"}[event["ph"]]
                self.assertEqual(states.get(event["id"]), wanted, event)
                states[event["id"]] = "ended" if event["ph"] == "e" else "open"
            elif event["ph"] in "BE":
                depths[thread] = depths.get(thread, 0) + (1 if event["ph"] == "B" else -1)
                self.assertGreaterEqual(depths[thread], 0)
            else:
                self.assertEqual((event["ph"], event["name"]), ("i", "bug check"))
        self.states, self.depths = states, depths

    def life(self, events, name):
        """What happened to the only request of that name."""
        found = [event for event in events if event["ph"] == "b" and event["name"] == name]
        self.assertEqual(len(found), 1)
        return [event for event in events if event.get("id") == found[0]["id"]]

    def test_a_request_is_created_completed_and_finished(self):
        events = self.trace(f'open Plain\nioctl {ECHO} in text "0123456789" out 16\n')
        life = self.life(events, f"DEVICE_CONTROL 0x{ECHO:08x}")
        self.assertEqual([(event["ph"], event["name"]) for event in life],
                         [("b", life[0]["name"]), ("n", "complete"), ("e", life[0]["name"])])
        begin, complete, end = (event["args"] for event in life)
        self.assertEqual((begin["input"], begin["output"], begin["mode"]), (10, 16, "user"))
        self.assertEqual(begin["device"], "\\Device\\Plain")
        for result in (complete, end):
            self.assertEqual((result["status"], result["information"]), ("0x00000000", 10))
        self.assertEqual(set(self.states.values()), {"ended"})
        self.assertEqual(set(self.depths.values()), {0})

    def test_each_call_of_a_dispatch_routine_is_a_slice(self):
        events = self.trace("open Plain\n")
        begun = [event for event in events if event["ph"] == "B"]
        self.assertEqual([event["name"] for event in begun], ["CREATE", "CLEANUP", "CLOSE"])
        numbers = [event["args"]["request"] for event in begun]
        self.assertEqual(len(set(numbers)), 3)
        self.assertEqual({event["args"]["driver"] for event in begun}, {"\\Driver\\plain-gcc"})

    def test_a_request_that_waits_and_is_cancelled(self):
        events = self.trace(f"open SbPend as a overlapped\nioctl {WAIT} out 4 as it\n"
                            "cancel it\nwait it\n", driver=PEND_DRIVER)
        life = self.life(events, f"DEVICE_CONTROL 0x{WAIT:08x}")
        self.assertEqual([event["name"] for event in life][1:-1],
                         ["pended", "cancel", "complete"])
        self.assertEqual(life[-1]["args"]["status"], "0xc0000120")
        self.assertIs(life[2]["args"]["routine"], True)
        self.assertEqual(life[3]["args"]["status"], "0xc0000120")

    def test_a_request_that_is_completed_elsewhere(self):
        events = self.trace(f"open Plain\nioctl {LATER} out 4\n")
        begin, pended, complete, end = self.life(events, f"DEVICE_CONTROL 0x{LATER:08x}")
        self.assertEqual((pended["name"], complete["name"]), ("pended", "complete"))
        for event in (complete, end):  # in a DPC of the System process, told with its sender
            self.assertEqual((event["args"]["irql"], event["args"]["process"]), (2, 4))
            self.assertEqual((event["pid"], event["tid"]), (begin["pid"], begin["tid"]))

    def test_the_file_is_whole_when_the_machine_stops(self):
        events = self.trace(f"open Plain\nioctl {CRASH}\n", code=3)
        self.assertEqual([event["args"]["code"] for event in events if event["ph"] == "i"],
                         ["0x0000003b"])
        self.assertEqual(self.life(events, f"DEVICE_CONTROL 0x{CRASH:08x}")[-1]["ph"], "b")

    def test_the_file_is_whole_when_a_driver_does_not_come_back(self):
        events = self.trace(f"open Plain\nioctl {HANG}\n", code=124, options=("--timeout", "1"))
        self.assertEqual(self.life(events, f"DEVICE_CONTROL 0x{HANG:08x}")[-1]["ph"], "b")

    def test_a_file_that_cannot_be_written(self):
        self.refuses(["run", "--trace", "/nowhere/file", PLAIN],
                     "--trace: /nowhere/file: No such file or directory")

    def test_a_full_disk_is_said(self):
        answer = run("run", "-q", "--trace", "/dev/full", PLAIN)
        self.assertEqual(answer.errors, "sysbuf: --trace: /dev/full: No space left on device\n")
        self.assertEqual(answer.code, 2)


if __name__ == "__main__":
    unittest.main()
