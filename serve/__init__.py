"""Everything with files, sockets, databases and clocks."""
