/* Connections ordered by due time: a binary heap from place 1 on. */
#include <stdlib.h>

#include "server.h"

static struct connection **heap;
static int length, room;

static void put(int place, struct connection *c)
{
    heap[place] = c;
    c->place = place;
}

static void rise(int place)
{
    struct connection *c = heap[place];
    for (; place > 1 && heap[place / 2]->due > c->due; place /= 2)
        put(place, heap[place / 2]);
    put(place, c);
}

static void sink(int place)
{
    struct connection *c = heap[place];
    for (;;) {
        int child = 2 * place;
        if (child > length)
            break;
        if (child < length && heap[child + 1]->due < heap[child]->due)
            child++;
        if (heap[child]->due >= c->due)
            break;
        put(place, heap[child]);
        place = child;
    }
    put(place, c);
}

void schedule_add(struct connection *c)
{
    if (length + 2 > room) {
        room = room ? 2 * room : 1024;
        heap = realloc(heap, (size_t)room * sizeof *heap);
    }
    put(++length, c);
    rise(length);
}

void schedule_remove(struct connection *c)
{
    int place = c->place;
    if (!place)
        return;
    struct connection *last = heap[length--];
    c->place = 0;
    if (last == c)
        return;
    put(place, last);
    rise(place);
    sink(last->place);
}

struct connection *schedule_first(void)
{
    return length ? heap[1] : NULL;
}

/* 0 <= x < 1; xorshift, the same numbers in every run. */
double random_unit(void)
{
    static u64 x = 88172645463325252ull;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (double)(x >> 11) * (1.0 / 9007199254740992.0);
}
