"""A scrape as Prometheus does it: over HTTP, parsed by its own parser."""

from typing import Any

import requests
from prometheus_client.parser import text_string_to_metric_families

import conf as options
from dbaas import metrics
from tests.servers.ports import free_port

Labels = tuple[tuple[str, str], ...]


class Scrape:
    """Every sample, by name and labels: scrape('dbaas_steps_total', type='demo.wait', outcome='done')."""

    def __init__(self, text: str):
        self.text = text
        self.samples: dict[tuple[str, Labels], float] = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        """0 for what has not been counted yet."""
        return self.samples.get((name, tuple(sorted(labels.items()))), 0.0)

    def labels(self, name: str) -> list[dict[str, str]]:
        return [dict(labels) for found, labels in self.samples if found == name]


def scrape(*collectors: Any) -> Scrape:
    """Serve, read once, and end."""
    conf = options.load()
    conf.set_override('port', free_port(), group='metrics')
    served = metrics.serve(conf, *collectors)
    assert served is not None
    try:
        answer = requests.get(f'http://127.0.0.1:{served.port}/metrics', timeout=30)
        assert answer.status_code == 200 and answer.headers['Content-Type'].startswith('text/plain')
        return Scrape(answer.text)
    finally:
        served.close()
