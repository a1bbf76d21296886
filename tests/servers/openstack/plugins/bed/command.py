"""A program of the system, run to its end."""

import subprocess


def run(*words: str, check: bool = True, given: str = '') -> str:
    """-> what it printed. given: what it reads. check: RuntimeError with these words when it fails."""
    ran = subprocess.run(words, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and ran.returncode:
        raise RuntimeError(f'{" ".join(words)} failed: {ran.stdout.strip()}')
    return ran.stdout.strip()
