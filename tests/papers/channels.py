#!/usr/bin/python3
"""The commands of docs/channels.md, taken out of the text and run as they stand."""
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "channels.md").read_text()
BUILD = ROOT / "build"

EXPECTED = {
    "notify": "heard one\nheard two\nheard three\n",
    "stream": "read one\nread two\nthen: ",
    "direct": "8388608 bytes add up to 1069547520\n",
    "batch": "1: 0\n6: 100\n11: 200\n16: none\n",
    "ring": "HELLO\nRING\n2 messages\n",
}


def commands(program):
    return re.findall(rf"^    ({re.escape(program)}.*?)(?: &)?$", TEXT, re.M)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Examples(unittest.TestCase):
    def run_line(self, line):
        return subprocess.run(["bash", "-c", line], cwd=BUILD, capture_output=True, text=True,
                              timeout=60, check=False)

    def test_the_clients_start_their_drivers(self):
        lines = [line for line in commands("linux/examples/") if "greet" not in line]
        self.assertEqual(len(lines), len(EXPECTED))
        for line in lines:
            name = re.search(r"(\w+)_client", line).group(1)
            ended = self.run_line(line)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertTrue(ended.stdout.startswith(EXPECTED[name]), line + "\n" + ended.stdout)

    def test_the_socket(self):
        """At another port than the text's, which may be taken."""
        driver, = commands("./sysbuf run")
        client, = commands("linux/examples/socket/greet")
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "greeter.script"
            text = (ROOT / "examples" / "socket" / "greeter.script").read_text()
            self.assertIn("dword 4711", text)
            script.write_text(text.replace("dword 4711", f"dword {port}"))
            driver = driver.replace("../examples/socket/greeter.script", str(script))
            with subprocess.Popen(["bash", "-c", "exec " + driver], cwd=BUILD,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as host:
                for _ in range(100):
                    ended = self.run_line(client.replace(":4711", f":{port}"))
                    if ended.returncode == 0:
                        break
                    time.sleep(0.1)
                host.terminate()
        self.assertEqual(ended.stdout, "Hello, you\n", ended.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
