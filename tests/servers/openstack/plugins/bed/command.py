"""A program of the system, run to its end."""

import subprocess


def run(*words: str, check: bool = True) -> str:
    """-> what it printed. Raises RuntimeError with its words when it fails, unless told not to."""
    ran = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and ran.returncode:
        raise RuntimeError(f'{" ".join(words)} failed: {ran.stdout.strip()}')
    return ran.stdout.strip()
