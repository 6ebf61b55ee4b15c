/* xz (the .xz file format) on the way in and out, and in the witness: unpacking.h. */
#include "fuzz.h"
#include "unpacking.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    unpacking_try(CODEC_XZ, data, size);
    return 0;
}
