"""The cases by name: each records its captures into the directory it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cases import (
    behaviour,
    biostar_site,
    faults,
    firmware,
    healthy,
    images,
    transfers,
    unexpected,
    viewpoints,
)

CASES: dict[str, Callable[[Path], None]] = {
    "healthy-current": healthy.healthy_current,
    "coap-missing": faults.coap_missing,
    "coap-silent": faults.coap_silent,
    "firmware-update-data-blocked": firmware.firmware_update_data_blocked,
    "biostar-server-mode": biostar_site.server_mode,
    "biostar-direct-mode": biostar_site.direct_mode,
    "same-traffic": viewpoints.same_traffic,
    "healthy-legacy-upnp": healthy.healthy_legacy_upnp,
    "retired-upnp": unexpected.retired_upnp,
    "unexpected-service": unexpected.unexpected_service,
    "wrong-direction": unexpected.wrong_direction,
    "mixed-versions": unexpected.mixed_versions,
    "tricky-ports": unexpected.tricky_ports,
    "coap-blocked": faults.coap_blocked,
    "coap-refused": faults.coap_refused,
    "firmware-update-ok": firmware.firmware_update_ok,
    "firmware-push-ok": firmware.firmware_push_ok,
    "bacnet": healthy.bacnet_site,
    "bacnet-subnet": healthy.bacnet_subnet,
    "one-sided-mirror": viewpoints.one_sided_mirror,
    **images.CASES,
    **transfers.CASES,
    **behaviour.CASES,
}
"""The longest first, so that they start first. ``one-sided-mirror`` also writes its outbound twin."""
