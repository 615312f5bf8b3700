/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "integration/lossy/lossy-pair.h"
#include "sctp/wherry-sctp-runtime.h"

/* The connect limit: who takes longer is told that it does not work. */
#define LIMIT_US (30 * G_USEC_PER_SEC)
/* Begun one after the other, so that they do not all want the processor in the same moment. */
#define APART_US 10000

typedef struct
{
  const char *name;
  WherryFakeLinkOptions link;
} Case;

static const Case cases[] = {
  { "no-loss", { .delay_us = 20000 } },
  { "20-percent", { .loss = 0.2, .delay_us = 20000 } },
  { "20-percent-slow", { .loss = 0.2, .delay_us = 200000 } },
  { "20-percent-all",
    { .loss = 0.2,
      .duplicate = 0.1,
      .reorder = 0.2,
      .delay_us = 20000,
      .jitter_us = 20000,
      .mtu = LOSSY_MTU_1280 } },
};

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 left = *(const gint64 *) a;
  gint64 right = *(const gint64 *) b;

  return (left > right) - (left < right);
}

static gboolean
all_up (GPtrArray *pairs)
{
  gboolean up = TRUE;

  for (guint i = 0; i < pairs->len; i++)
    up &= lossy_pair_is_up (g_ptr_array_index (pairs, i));
  return up;
}

static void
report (const char *what, const char *which, GPtrArray *pairs, gint64 (*get_us) (LossyPair *pair))
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < pairs->len; i++)
    {
      gint64 us = get_us (g_ptr_array_index (pairs, i));

      g_array_append_val (times, us);
    }
  g_array_sort (times, compare);
  g_test_message ("%s: %s of %u: median %d ms, 95 %% within %d ms, longest %d ms", what, which,
                  times->len, (int) (g_array_index (times, gint64, times->len / 2) / 1000),
                  (int) (g_array_index (times, gint64, times->len * 95 / 100) / 1000),
                  (int) (g_array_index (times, gint64, times->len - 1) / 1000));
  g_assert_cmpint (g_array_index (times, gint64, times->len - 1), <, LIMIT_US);
}

static void
test_handshakes (gconstpointer data)
{
  const Case *item = data;
  guint n = g_test_slow () ? 100 : 10;
  guint32 first = g_test_rand_int () & 0xffffff;
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func ((GDestroyNotify) lossy_pair_free);

  g_test_message ("%s: seeds %u to %u", item->name, first, first + 2 * n - 1);
  for (guint i = 0; i < n; i++)
    {
      WherryFakeLinkOptions options = item->link;
      gint64 next_us = g_get_monotonic_time () + APART_US;

      options.seed = first + 2 * i;
      g_ptr_array_add (pairs, lossy_pair_new (item->name, &options));
      WHERRY_WAIT_UNTIL (NULL, (all_up (pairs), g_get_monotonic_time () > next_us));
    }
  WHERRY_WAIT_UNTIL (NULL, all_up (pairs));
  report (item->name, "DTLS", pairs, lossy_pair_get_secured_us);
  report (item->name, "DTLS and SCTP", pairs, lossy_pair_get_up_us);
}

int
main (int argc, char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/lossy/handshake/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_handshakes);
    }
  result = g_test_run ();
  g_assert_true (wherry_sctp_runtime_shutdown ());
  return result;
}
