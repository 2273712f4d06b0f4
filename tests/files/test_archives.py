import io
import secrets
import tracemalloc
import zipfile

from gridshare_portal.files import archives

MIB = 1024 * 1024


def read(pieces):
    return zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


class TestAnArchive:
    def test_holds_each_file_as_it_was_told(self):
        archive = read(archives.zipped([("a.txt", ["one\n", "two ä\n"]), ("folder/b.csv", [])]))

        assert archive.testzip() is None
        assert archive.namelist() == ["a.txt", "folder/b.csv"]
        assert archive.read("a.txt").decode() == "one\ntwo ä\n"

    def test_sends_its_first_file_before_it_reads_the_second(self):
        def second():
            raise AssertionError("read too early")
            yield ""

        pieces = archives.zipped([("first.txt", ["quick"]), ("second.txt", second())])

        assert next(pieces).startswith(b"PK")

    def test_is_nowhere_whole(self):
        def noise():
            for _ in range(800):
                yield secrets.token_hex(2048)

        tracemalloc.start()
        size = largest = 0
        for piece in archives.zipped([("noise.txt", noise())]):
            size, largest = size + len(piece), max(largest, len(piece))
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert size > MIB
        assert largest < 256 * 1024 and most < MIB
