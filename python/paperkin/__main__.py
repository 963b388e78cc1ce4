"""`python -m paperkin` is the program."""

from paperkin._command import main

main()
