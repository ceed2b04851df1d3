"""BACnet/IP by bacpypes3: a device on the gateway, a building management system that reads it."""

from __future__ import annotations

import asyncio
import logging

from bacpypes3.apdu import ErrorRejectAbortNack
from bacpypes3.app import Application
from bacpypes3.basetypes import HostNPort, IPMode
from bacpypes3.local.analog import AnalogValueObject
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier
from network import Host

logging.getLogger("bacpypes3").setLevel(logging.CRITICAL)


class Device:
    """One BACnet device of a host: ``number`` is its instance, ``port`` its UDP port.

    With ``bbmd``, an address, it is a foreign device that registers there (annex J.5.2).
    """

    def __init__(self, host: Host, number: int, port: int = 47808, *, bbmd: str = "") -> None:
        self.host = host
        self.level = AnalogValueObject(
            objectIdentifier=("analogValue", 1), objectName="level", presentValue=80.0, covIncrement=1.0
        )

        async def work() -> Application:
            network_port = NetworkPortObject(
                f"{host.address}/{host.prefix}:{port}",
                objectIdentifier=("network-port", 1),
                objectName="port 1",
            )
            if bbmd:
                network_port.bacnetIPMode = IPMode.foreign
                network_port.fdBBMDAddress = HostNPort(bbmd)
                network_port.fdSubscriptionLifetime = 30
            objects = [
                DeviceObject(
                    objectIdentifier=("device", number), objectName=f"lab-{number}", vendorIdentifier=999
                ),
                network_port,
                self.level,
            ]
            return Application.from_object_list(objects)

        self.application = host.run(work())

    def announce(self) -> None:
        """An unasked I-Am."""

        async def work() -> None:
            self.application.i_am()

        self.host.run(work())

    def search(self, wait: float = 2, number: int | None = None) -> int:
        """Broadcast Who-Is, for one device or for all; how many devices said I-Am."""

        async def work() -> int:
            return len(await self.application.who_is(number, number, timeout=wait))

        return self.host.run(work())

    def read(self, target: str, name: str = "present-value", instance: int = 1) -> str:
        """ReadProperty of the target's analogue value; the value or the error."""

        async def work() -> str:
            try:
                async with asyncio.timeout(5):
                    value = await self.application.read_property(
                        Address(target), ObjectIdentifier(f"analog-value,{instance}"), name
                    )
            except (ErrorRejectAbortNack, TimeoutError) as problem:
                return str(problem)
            return str(value)

        return self.host.run(work())

    def subscribe(self, target: str, seconds: float) -> None:
        """SubscribeCOV with confirmed notifications, for a while."""

        async def work() -> None:
            async with self.application.change_of_value(
                Address(target), ObjectIdentifier("analog-value,1"), None, True, int(seconds) + 5
            ):
                await asyncio.sleep(seconds)

        self.host.start(work())

    def change(self, value: float) -> None:
        """Set the analogue value, which notifies subscribers."""

        async def work() -> None:
            self.level.presentValue = value

        self.host.run(work())
