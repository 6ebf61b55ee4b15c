/*
 * Surviving a mapping that loses its pages: a capture that shrinks or a disk that fails while it is read with
 * --mmap.
 */
#ifndef PCAPSLIM_FAULT_H
#define PCAPSLIM_FAULT_H

#include <signal.h>

/*
 * Install the handler of SIGBUS: it puts a page of zeros where the missing one was and raises the flag that
 * source.h asks for, so that the read fails instead of the process. Returns the flag.
 */
volatile sig_atomic_t *fault_catch(void);

#endif
