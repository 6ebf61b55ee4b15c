/*
 * A folder for what belongs to one run. The driver removes it; whoever makes it, if the driver was not told of it.
 */
#ifndef PCAPSLIM_SCRATCH_H
#define PCAPSLIM_SCRATCH_H

#include <stdio.h>

/*
 * Make one in the directory `within`, of an absolute path, and say so to the driver. From here on signals are ignored:
 * one that came before the driver knows must not end this program, or nobody would remove the folder. Returns 0, or
 * CLI_FAILED after having said why.
 */
int scratch_make(const char *within);

/* The path of something in it, to be freed. NULL: no memory. */
char *scratch_path(const char *name);

/* Make a file or a named pipe (fifo(7)) in it. NULL or CLI_FAILED after having said why. */
FILE *scratch_create(const char *name);
int scratch_create_pipe(const char *name);

/* Close a file of it. Returns 0, or CLI_FAILED after having said that it could not be written. */
int scratch_end(FILE *file);

/* Remove the folder, with the files of these names (a NULL behind the last); where there is none, nothing. */
void scratch_remove(const char *const *names);

#endif
