#include "digests.h"

#include "hash.h"

int digests_init(struct digests *d, bool before, bool after, struct failure *f) {
    d->before = before ? hash_new(f) : NULL;
    d->after = after ? hash_new(f) : NULL;
    return (before && d->before == NULL) || (after && d->after == NULL) ? -1 : 0;
}

void digests_free(struct digests *d) {
    hash_free(d->before);
    hash_free(d->after);
}
