"""Only the command gateway writes to a device: no other module even names a writing method of the client."""

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2] / "gridshare_portal"
CLIENT = HOUSE / "gridshare" / "client.py"
GATEWAY = HOUSE / "control" / "changes.py"


def writing_methods():
    """The client's methods that send something: those that go through its `_send`."""
    tree = ast.parse(CLIENT.read_text())
    client = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Client")
    methods = [
        node for node in client.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    return {method.name for method in methods if "_send" in set(named(ast.unparse(method)))}


def named(source):
    """Names used as an attribute, a bare name, an import or a text, as in getattr(client, "patch_device")."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


WRITES = writing_methods()


class TestWritingToADevice:
    def test_has_three_methods_in_the_client(self):
        assert {"patch_device", "set_device_operation_mode", "set_device_overlay_plan"} == WRITES

    def test_uses_no_other_verbs_than_theirs(self):
        assert set(named(CLIENT.read_text())) & {"POST", "PUT", "PATCH", "DELETE"} == {"PATCH", "PUT"}

    def test_happens_in_the_gateway_alone(self):
        others = {
            str(path.relative_to(HOUSE)): sorted(WRITES & set(named(path.read_text())))
            for path in HOUSE.rglob("*.py")
            if path not in (CLIENT, GATEWAY) and "sandbox" not in path.parts
        }

        assert {path: names for path, names in others.items() if names} == {}

    def test_happens_in_the_gateway(self):
        assert set(named(GATEWAY.read_text())) >= WRITES

    @pytest.mark.parametrize(
        "source",
        [
            "client.patch_device(1)",
            "getattr(client, 'set_device_overlay_plan')(1)",
            "send = client.set_device_operation_mode",
            "from gridshare_portal.gridshare.client import patch_device",
        ],
    )
    def test_is_seen_however_it_is_spelled(self, source):
        assert WRITES & set(named(source))
