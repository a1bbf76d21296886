"""Pages and links: limit and marker of a query, the next page's address, self and bookmark of a resource."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import flask
import marshmallow as ma

from dbaas.api.guards import context
from dbaas.api.negotiation import VERSION
from dbaas.api.parts import parts

WHOLE = re.compile(r'[0-9]{1,18}')


class Limit(ma.fields.Integer):
    """At least 1; more than a page is cut to a page."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not WHOLE.fullmatch(value) or int(value) == 0:
            raise ma.ValidationError('Must be a whole number of at least 1.')
        return min(int(value), parts().conf.api.page_size)


class Page(ma.Schema):
    """Query of a list; loaded, `limit` is always there."""

    limit = Limit(load_default=lambda: parts().conf.api.page_size, metadata={'description': 'Most rows to return.'})
    marker = ma.fields.String(metadata={'description': 'Id of the last row of the page before.'})


class Link(ma.Schema):
    rel = ma.fields.String(required=True)
    href = ma.fields.String(required=True)


def links_field(**kwargs: Any) -> ma.fields.List:
    return ma.fields.List(ma.fields.Nested(Link), **kwargs)


def resource_links(path: str) -> list[dict[str, str]]:
    """path: '/instances/{id}'. With the scheme and host of the request."""
    root = flask.request.root_url.rstrip('/')
    return [
        {'rel': 'self', 'href': f'{root}/{VERSION}/{context().project_id}{path}'},
        {'rel': 'bookmark', 'href': f'{root}{path}'},
    ]


def listing(name: str, items: list[Any], marker: str | None) -> dict[str, Any]:
    """The body of a page. marker: of the next page, None when this is the last.

    `<name>_links` says the same as `links`: gophercloud and Terraform look there.
    """
    if marker is None:
        return {name: items}
    following = [{'rel': 'next', 'href': f'{flask.request.base_url}?{_query(marker)}'}]
    return {name: items, 'links': following, f'{name}_links': following}


def _query(marker: str) -> str:
    query: Mapping[str, str] = {**flask.request.args.to_dict(), 'marker': marker}
    return urlencode(query)
