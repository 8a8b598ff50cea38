"""`make demo`: from a bare clone to a Project that is Ready, and everything left running to be played with."""
