/*
 * What there is to do for the driver: the captures of a directory, the oldest first, for `pcap-scan --list`.
 */
#ifndef PCAPSLIM_WORKLIST_H
#define PCAPSLIM_WORKLIST_H

#include "options.h"

/*
 * Write the names of the captures in the current directory that o asks for to the file o->list_path, NUL behind each;
 * on standard output how many there are and whether there is anything to do, and if not why: pcap-scan(1) has the form.
 * Where o->begin_fd is given and there are many, the first ones are written, and it is closed, before the others.
 * Goes into the sandbox. Returns CLI_DONE, or CLI_FAILED after having said why.
 */
int worklist_write(struct options *o);

#endif
