"""A folder of keys: closed to others, whole after a crash, one key for however many processes."""

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from billing_saas.gateways.key_folder import KeyFolder, UnsafeKeyFolder
from billing_saas.kit.protocols import KeyProviderDown, KeyRefused

NAME = "t/0198c0de-0000-7000-8000-000000000001"
MATERIAL = bytes(range(32))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_folder_and_files_are_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "deeper" / "keys"
    before = os.umask(0)
    try:
        await KeyFolder(folder).create(NAME)
    finally:
        os.umask(before)
    assert mode(folder) == 0o700
    (file,) = folder.iterdir()
    assert mode(file) == 0o600
    assert file.name == "t.0198c0de-0000-7000-8000-000000000001.key"
    assert len(file.read_bytes()) == 32


@pytest.mark.parametrize("bits", [0o710, 0o701, 0o740, 0o704, 0o720, 0o755, 0o777])
async def test_an_open_folder_is_refused(tmp_path: Path, bits: int) -> None:
    folder = tmp_path / "keys"
    keys = KeyFolder(folder)
    await keys.create(NAME)
    wrapped = await keys.wrap(NAME, MATERIAL, b"")
    folder.chmod(bits)
    for refused in (
        keys.create("t/2"),
        keys.wrap(NAME, MATERIAL, b""),
        keys.unwrap(NAME, wrapped, b""),
        keys.destroy(NAME),
        keys.health(),
    ):
        with pytest.raises(UnsafeKeyFolder, match="chmod 700"):
            await refused
    folder.chmod(0o700)
    assert await keys.unwrap(NAME, wrapped, b"") == MATERIAL


async def test_an_open_file_is_refused(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    await keys.create(NAME)
    (file,) = (tmp_path / "keys").iterdir()
    file.chmod(0o640)
    with pytest.raises(UnsafeKeyFolder, match="chmod 600"):
        await keys.wrap(NAME, MATERIAL, b"")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
async def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    await keys.create(NAME)
    os.chown(tmp_path / "keys", 65534, 65534)
    with pytest.raises(UnsafeKeyFolder, match="another user"):
        await keys.wrap(NAME, MATERIAL, b"")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../outside",
        "t/../../outside",
        "/etc/passwd",
        "t/",
        "t//x",
        "T/X",
        "t\\x",
        "t/x\0",
        "t/x\n",
        "t.x",
        "t/ä",
        "x" * 65,
    ],
)
async def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    keys = KeyFolder(tmp_path / "keys")
    for refused in (keys.create(name), keys.wrap(name, MATERIAL, b""), keys.destroy(name)):
        with pytest.raises(KeyRefused):
            await refused
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_link_in_the_place_of_a_key_is_not_followed(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    await keys.create("t/1")
    outside = tmp_path / "outside"
    outside.write_bytes(bytes(32))
    outside.chmod(0o600)
    (tmp_path / "keys" / "t.2.key").symlink_to(outside)
    with pytest.raises(KeyProviderDown):
        await keys.wrap("t/2", MATERIAL, b"")


async def test_names_that_look_alike_are_two_keys(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    for name in ("a/b", "a-b", "a_b", "ab"):
        await keys.create(name)
    assert len(list((tmp_path / "keys").glob("*.key"))) == 4


async def test_a_rotated_key_unwraps_what_it_wrapped_before(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    await keys.create(NAME)
    first = await keys.wrap(NAME, MATERIAL, b"context")
    await keys.add_version(NAME)
    assert await keys.unwrap(NAME, first, b"context") == MATERIAL
    second = await keys.rewrap(NAME, first, b"context")
    assert first[1:5] == (1).to_bytes(4)
    assert second[1:5] == (2).to_bytes(4)
    assert await KeyFolder(tmp_path / "keys").unwrap(NAME, second, b"context") == MATERIAL
    assert [path.name for path in (tmp_path / "keys").glob(".partial*")] == []


async def test_a_key_that_does_not_exist_is_not_rotated_into_being(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    with pytest.raises(KeyRefused):
        await keys.add_version(NAME)
    assert list((tmp_path / "keys").glob("*.key")) == []


async def test_a_missing_folder_is_down_and_not_a_refusal(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    await keys.create(NAME)
    wrapped = await keys.wrap(NAME, MATERIAL, b"")
    (tmp_path / "keys").rename(tmp_path / "unmounted")
    with pytest.raises(KeyProviderDown, match="missing"):
        await keys.unwrap(NAME, wrapped, b"")
    assert not (tmp_path / "keys").exists()


async def test_a_damaged_file_is_down_and_says_so(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    await keys.create(NAME)
    (file,) = (tmp_path / "keys").iterdir()
    for content in (b"", bytes(31), bytes(33)):
        file.write_bytes(content)
        with pytest.raises(KeyProviderDown, match="damaged"):
            await keys.wrap(NAME, MATERIAL, b"")


async def test_nothing_shown_holds_the_key(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    await keys.create(NAME)
    (file,) = (tmp_path / "keys").iterdir()
    material = file.read_bytes()
    with pytest.raises(KeyRefused) as refused:
        await keys.unwrap(NAME, bytes(80), b"")
    assert repr(material)[2:-1] not in repr(keys) + repr(vars(keys)) + repr(refused.value)


def _create_and_wrap(folder: Path, start: object, answers: "multiprocessing.Queue[bytes]") -> None:
    keys = KeyFolder(folder)
    start.wait()  # type: ignore[attr-defined]  # a barrier: its type has no public name
    keys._create(NAME)
    answers.put(keys._wrap(NAME, MATERIAL, b""))


def _add_version(folder: Path, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]  # as above
    KeyFolder(folder)._add_version(NAME)


def test_processes_that_create_at_once_share_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(6), context.Queue()
    processes = [
        context.Process(target=_create_and_wrap, args=(tmp_path / "keys", start, answers))
        for _ in range(6)
    ]
    for process in processes:
        process.start()
    wrapped = [answers.get(timeout=30) for _ in processes]
    for process in processes:
        process.join()
    keys = KeyFolder(tmp_path / "keys")
    assert [keys._unwrap(NAME, one, b"") for one in wrapped] == [MATERIAL] * 6
    assert len(list((tmp_path / "keys").iterdir())) == 1


def test_processes_that_rotate_at_once_lose_no_version(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    keys._create(NAME)
    context = multiprocessing.get_context("fork")
    start = context.Barrier(6)
    processes = [
        context.Process(target=_add_version, args=(tmp_path / "keys", start)) for _ in range(6)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    versions = keys._versions(NAME)
    assert len(versions) == len(set(versions)) == 7
