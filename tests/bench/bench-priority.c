/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-bench"

#include "config.h"

#include <stdlib.h>

#include "base/wherry-limits.h"
#include "base/wherry-share.h"

#include "sctp/sctp-pair.h"

/* The round trip of a message beside a bulk transfer: two associations in this process over a link
 * with a delay, large messages on one stream without an end, and now and then one that the other
 * side sends back. With and without I-DATA, with and without priority.
 *
 *   bench-priority [--quick]
 */

#define BULK_STREAM 0
#define ECHO_STREAM 2
#define BULK_LENGTH WHERRY_MIB
#define DELAY_US 5000

typedef struct
{
  WherrySendOptions bulk_options;
  WherrySendOptions options;
  WherryMessage *bulk;
  WherryMessage *message;
  gboolean due; /* message is to be sent */
  gboolean back;
  guint64 bulk_received;
} Case;

static gboolean
try_send (Side *side, guint16 stream, const WherrySendOptions *options, WherryMessage *message)
{
  return wherry_stream_transport_send (side->transport, stream, options, message) == WHERRY_SEND_OK;
}

static void
send_what_goes (Side *side)
{
  Case *self = side->data;

  if (self->due && try_send (side, ECHO_STREAM, &self->options, self->message))
    self->due = FALSE;
  while (try_send (side, BULK_STREAM, &self->bulk_options, self->bulk))
    ;
}

static void
on_back (Side *side, guint16 stream, WherryMessage *message)
{
  Case *self = side->data;

  self->back = TRUE;
}

static void
echo (Side *side, guint16 stream, WherryMessage *message)
{
  Case *self = side->data;

  if (stream == ECHO_STREAM)
    g_assert_true (try_send (side, stream, &self->options, message));
  else
    self->bulk_received += wherry_message_get_length (message);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 difference = *(const gint64 *) a - *(const gint64 *) b;

  return (difference > 0) - (difference < 0);
}

static void
run (gboolean interleaving, gboolean priority, gsize length, guint n)
{
  WherryFakeLinkOptions link = { .delay_us = DELAY_US };
  WherrySctpConfig config
      = { .max_message_size = 2 * WHERRY_MIB, .no_interleaving = !interleaving };
  Case self = { .bulk_options = { .ordered = TRUE, .priority = WHERRY_PRIORITY_LOW },
                .options = { .ordered = TRUE,
                             .priority = priority ? WHERRY_PRIORITY_HIGH : WHERRY_PRIORITY_LOW } };
  g_autofree gint64 *times = g_new (gint64, n);
  gint64 start_us;
  Pair pair;

  self.bulk = make_message (WHERRY_MESSAGE_BINARY, BULK_LENGTH, 1);
  self.message = make_message (WHERRY_MESSAGE_BINARY, length, 2);
  pair_init (&pair, &link, &config);
  pair_wait_connected (&pair);
  pair.a.keep = pair.b.keep = FALSE;
  pair.a.data = pair.b.data = &self;
  pair.a.on_writable = send_what_goes;
  pair.a.on_message = on_back;
  pair.b.on_message = echo;
  send_what_goes (&pair.a);
  /* its window is open */
  WHERRY_WAIT_UNTIL (pair.context, self.bulk_received >= BULK_LENGTH);
  start_us = g_get_monotonic_time ();
  self.bulk_received = 0;
  for (guint i = 0; i < n; i++)
    {
      /* at a moment that has nothing to do with the bulk's */
      gint64 until_us = g_get_monotonic_time () + 1000 + 7919 * i % 40000;

      WHERRY_WAIT_UNTIL (pair.context, g_get_monotonic_time () >= until_us);
      self.due = TRUE;
      self.back = FALSE;
      times[i] = g_get_monotonic_time ();
      send_what_goes (&pair.a);
      WHERRY_WAIT_UNTIL (pair.context, self.back);
      times[i] = g_get_monotonic_time () - times[i];
    }
  start_us = g_get_monotonic_time () - start_us;
  pair.a.on_writable = NULL;
  qsort (times, n, sizeof *times, compare);
  g_print ("%-8s %-9s %9" G_GSIZE_FORMAT " %10.1f %10.1f %12.2f\n",
           interleaving ? "I-DATA" : "DATA", priority ? "high/low" : "equal", length,
           (double) times[n / 2] / 1000, (double) times[n * 99 / 100] / 1000,
           (double) self.bulk_received / (double) start_us);
  pair_clear (&pair);
  wherry_message_unref (self.bulk);
  wherry_message_unref (self.message);
}

int
main (int argc, char **argv)
{
  static const gsize lengths[] = { 100, 50000 };
  guint n = argc > 1 && g_str_equal (argv[1], "--quick") ? 3 : 100;

  g_test_init (&argc, &argv, NULL);
  g_print ("%u round trips each beside messages of %u bytes; the link's own round trip: %.1f ms\n",
           n, (guint) BULK_LENGTH, 2.0 * DELAY_US / 1000);
  g_print ("%-8s %-9s %9s %10s %10s %12s\n", "chunks", "priority", "bytes", "median ms", "p99 ms",
           "bulk MB/s");
  for (guint k = 0; k < G_N_ELEMENTS (lengths); k++)
    for (guint i = 0; i < 4; i++)
      run ((i & 2) != 0, (i & 1) != 0, lengths[k], n);
  return EXIT_SUCCESS;
}
