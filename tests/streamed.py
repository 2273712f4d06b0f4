"""Files as a browser takes them: streamed, and read once."""

import csv
import io


def rows(page):
    """Return the rows of a page that is a CSV file."""
    return list(csv.reader(io.StringIO(b"".join(page.streaming_content).decode())))
