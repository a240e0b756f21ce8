/* For counting instructions: Lua seeds its hashes with the time, and how strings collide would differ in every run. */
#include <time.h>

time_t time(time_t *t) {
    if (t) *t = 1700000000;
    return 1700000000;
}
