"""A call of a cloud whose failure is a finding."""

from collections.abc import Callable
from typing import Any


def tried(call: Callable[[], Any]) -> tuple[Any, str]:
    """(what it gave, ''), or (None, why it failed)."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    from dbaas.exceptions import DbaasError

    try:
        return call(), ''
    except (ClientException, SDKException, DbaasError) as error:
        return None, (str(error).strip() or type(error).__name__).splitlines()[0][:200]
