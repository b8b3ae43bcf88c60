"""One module per disk format. Each offers ``inspect(source, *, deep)``: the size of the disk inside, or ``Unfit``.

``deep`` follows the tables to every block of data; without it only headers, footers and the places of tables are read,
a handful of small reads, which is what an object in S3 gets. Truncation is told by what lies beyond the end.
"""
