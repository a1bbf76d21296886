"""Golden files: what a renderer must print, to the letter. UPDATE_GOLDENS=1 writes them anew; read the diff then."""

import os
import pathlib

FOLDER = pathlib.Path(__file__).parent / 'goldens'


def check(name: str, text: str) -> None:
    path = FOLDER / f'{name}.txt'
    if os.environ.get('UPDATE_GOLDENS'):
        path.write_text(text + '\n')
    assert text + '\n' == path.read_text(), f'{path.name} differs'
