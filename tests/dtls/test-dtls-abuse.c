/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "fixtures/wherry-wait.h"

#include "dtls/dtls-pair.h"

static void
inject_garbage (DtlsPair *pair, GRand *rand, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      guint8 garbage[1500];
      gsize length = (gsize) g_rand_int_range (rand, 0, (gint32) sizeof garbage);

      for (gsize j = 0; j < length; j++)
        garbage[j] = (guint8) g_rand_int (rand);
      /* a third anything, a third looks like a record, a third like one of ours in all but the MAC
       */
      if (length > 13 && i % 3 != 0)
        {
          gsize body = length - 13;

          garbage[0] = (guint8) g_rand_int_range (rand, 20, 24);
          garbage[1] = 0xfe;
          garbage[2] = 0xfd;
          memset (garbage + 3, 0, 7);
          garbage[4] = i % 3 == 2 ? 1 : 0;
          garbage[11] = (guint8) (body >> 8);
          garbage[12] = (guint8) body;
          if (garbage[4] == 0 && garbage[0] == 21)
            garbage[0] = 23; /* a plaintext alert is no garbage: it ends a handshake */
        }
      wherry_fake_link_inject (i % 2 == 0 ? pair->a.link : pair->b.link, garbage, length);
    }
}

static void
test_garbage_when_connected (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  guint64 bad;
  guint64 received;
  DtlsPair pair;

  g_test_message ("seed 7");
  dtls_pair_connect (&pair, NULL);
  bad = wherry_counter_get (WHERRY_COUNTER_DTLS_BAD_PACKETS);
  received = wherry_fake_link_get_packets_received (pair.a.link);
  inject_garbage (&pair, rand, 10000);
  WHERRY_WAIT_UNTIL (NULL, wherry_fake_link_get_packets_received (pair.a.link) == received + 5000);
  dtls_pair_exchange (&pair);
  g_assert_true (dtls_pair_is_connected (&pair));
  g_assert_cmpuint (pair.a.heard.packets->len, ==, 1);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DTLS_BAD_PACKETS), >, bad + 5000);
  dtls_pair_clear (&pair);
}

static void
test_garbage_in_handshake (gconstpointer data)
{
  guint32 seed = (guint32) GPOINTER_TO_INT (data);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  DtlsPair pair;

  g_test_message ("seed %u", seed);
  dtls_pair_init (&pair, NULL);
  inject_garbage (&pair, rand, 20);
  dtls_pair_start (&pair);
  inject_garbage (&pair, rand, 100);
  WHERRY_WAIT_UNTIL (NULL, dtls_pair_is_connected (&pair));
  dtls_pair_exchange (&pair);
  dtls_pair_clear (&pair);
}

/* Closed and the last reference dropped from inside its own event, state or packet. */
static void
test_unref_in_event (gconstpointer data)
{
  gboolean in_packet = GPOINTER_TO_INT (data);
  DtlsPair pair;

  dtls_pair_init (&pair, NULL);
  dtls_pair_start (&pair);
  if (in_packet)
    WHERRY_WAIT_UNTIL (NULL, dtls_pair_is_connected (&pair));
  wherry_packet_recorder_drop_at_next_event (&pair.b.heard, (gpointer *) &pair.b.dtls);
  if (in_packet)
    wherry_packet_send_text (pair.a.transport, "go");
  WHERRY_WAIT_UNTIL (NULL, wherry_packet_recorder_is_dropped (&pair.b.heard));
  dtls_pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dtls-abuse/garbage/connected", test_garbage_when_connected);
  g_test_add_data_func ("/dtls-abuse/garbage/handshake/11", GINT_TO_POINTER (11),
                        test_garbage_in_handshake);
  g_test_add_data_func ("/dtls-abuse/garbage/handshake/12", GINT_TO_POINTER (12),
                        test_garbage_in_handshake);
  g_test_add_data_func ("/dtls-abuse/unref-in-event/state", GINT_TO_POINTER (FALSE),
                        test_unref_in_event);
  g_test_add_data_func ("/dtls-abuse/unref-in-event/packet", GINT_TO_POINTER (TRUE),
                        test_unref_in_event);
  return g_test_run ();
}
