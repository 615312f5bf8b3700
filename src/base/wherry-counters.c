/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-counters.h"

/* One counter is bumped by many threads for every message. A single atomic would bounce its cache
 * line between them, so each thread adds to one of a few copies and a reader sums them up. */
#define N_SHARDS 16u
#define CACHE_LINE 64

typedef struct
{
  _Alignas(CACHE_LINE) guint64 values[WHERRY_N_COUNTERS];
} Shard;

static Shard shards[N_SHARDS];
static guint next_shard;
static __thread Shard *my_shard;

static const struct
{
  const char *name;
  const char *help;
} descriptions[WHERRY_N_COUNTERS] = {
#define X(constant, text, explanation)                                                             \
  [WHERRY_COUNTER_##constant] = { .name = text, .help = explanation },
  WHERRY_COUNTERS (X)
#undef X
};

void
wherry_counter_add (WherryCounter counter, guint64 n)
{
  g_assert (counter < WHERRY_N_COUNTERS);

  if (G_UNLIKELY (my_shard == NULL))
    my_shard = &shards[__atomic_fetch_add (&next_shard, 1, __ATOMIC_RELAXED) % N_SHARDS];
  __atomic_fetch_add (&my_shard->values[counter], n, __ATOMIC_RELAXED);
}

guint64
wherry_counter_get (WherryCounter counter)
{
  guint64 sum = 0;

  g_assert (counter < WHERRY_N_COUNTERS);

  for (guint i = 0; i < N_SHARDS; i++)
    sum += __atomic_load_n (&shards[i].values[counter], __ATOMIC_RELAXED);
  return sum;
}

const char *
wherry_counter_get_name (WherryCounter counter)
{
  g_assert (counter < WHERRY_N_COUNTERS);
  return descriptions[counter].name;
}

const char *
wherry_counter_get_help (WherryCounter counter)
{
  g_assert (counter < WHERRY_N_COUNTERS);
  return descriptions[counter].help;
}
