/** The `fzip` command. */
