"""Editing records: create, set, move and link; judged by the rules first, then written.

How a change is written
-----------------------

`commands` compute the new data, ``rules`` judge it before it is written, `documents.editor` splices the difference into the
text, reads the result again and compares it with what was intended, and `documents.write_atomic` takes the lock of the
repository, writes a draft inside `.git`, swaps it in provided that the file still is what it was when it was read, and
reads back what then stands there.
"""
