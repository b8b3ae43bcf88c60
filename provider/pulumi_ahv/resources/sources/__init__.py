"""What an image is made from, looked at before Prism hears of it.

``files`` and ``s3`` find out what a local file or an object of S3 holds and refuse what Prism could not use;
``digests`` remembers digests of files; ``streams`` watches that what is sent is what was looked at. ``inspection`` and
``formats`` know disk formats; they and the S3 client are heavy and are imported by the function that needs them.
"""
