/* Speed of the zhl1 record root: 26 fields a record, as a row of the sampling import has.
 *
 * Prints µs of CPU a record for both hash functions, and their ratio to hashing the same number of
 * blocks in one long message (the floor set by the library). */
#include "proof/record.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FIELDS  26
#define RECORDS 20000

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double records(zh_hash_alg alg)
{
    static char names[FIELDS][16];
    zh_record_field fields[FIELDS];
    for (int i = 0; i < FIELDS; i++) {
        int n = snprintf(names[i], sizeof(names[i]), "field_%02d", i);
        fields[i] = (zh_record_field){{names[i], (size_t)n}, ZH_STR("湖北省武汉市洪山"), 't'};
    }
    zh_digest salt = {{0}};
    zh_digest work[FIELDS];
    zh_digest root;
    double start = cpu_seconds();
    for (int i = 0; i < RECORDS; i++) {
        salt.b[0] = (uint8_t)i;
        zh_rc rc = zh_record_root(alg, &salt, fields, FIELDS, work, &root, NULL);
        zh_assert(rc == ZH_OK);
    }
    return (cpu_seconds() - start) / RECORDS * 1e6;
}

static double floor_of(zh_hash_alg alg)
{
    /* salt 2, commitment 2, leaf 1 blocks a field; node 2 blocks; 4 for the key. */
    static const char zeros[(FIELDS * 5 + (FIELDS - 1) * 2 + 4) * ZH_HASH_BLOCK];
    zh_digest out;
    double start = cpu_seconds();
    for (int i = 0; i < RECORDS; i++) {
        zh_hash_of(alg, (zh_str){zeros, sizeof(zeros)}, &out);
    }
    return (cpu_seconds() - start) / RECORDS * 1e6;
}

int main(void)
{
    for (int alg = ZH_HASH_SHA256; alg <= ZH_HASH_SM3; alg++) {
        double record = records((zh_hash_alg)alg);
        double bound = floor_of((zh_hash_alg)alg);
        printf("%s: %.2f us a record of %d fields; one message of as many blocks %.2f us; "
               "ratio %.2f\n",
               zh_hash_alg_name((zh_hash_alg)alg), record, FIELDS, bound, record / bound);
    }
    return 0;
}
