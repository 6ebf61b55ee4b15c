#include "fault.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile sig_atomic_t fault_seen = 0;
static volatile uintptr_t page_bytes = 4096;

static void patch_page(int number, siginfo_t *info, void *context) {
    (void)context;
    uintptr_t page = (uintptr_t)info->si_addr & ~(page_bytes - 1);
    /* BUS_ADRERR is a page that the file no longer has; anything else (a memory error, kill -BUS) is not ours
     * to mend. */
    if (info->si_code != BUS_ADRERR ||
        mmap((void *)page, page_bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) {
        (void)signal(number, SIG_DFL);
        return; /* the instruction is tried again and ends the process */
    }
    fault_seen = 1;
}

volatile sig_atomic_t *fault_catch(void) {
    long size = sysconf(_SC_PAGESIZE);
    page_bytes = size > 0 ? (uintptr_t)size : 4096;
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_sigaction = patch_page;
    a.sa_flags = SA_SIGINFO;
    (void)sigemptyset(&a.sa_mask);
    (void)sigaction(SIGBUS, &a, NULL);
    return &fault_seen;
}
