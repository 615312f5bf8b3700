/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-bench"

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lib/wherry.h>

/* Two members of a room on our own client, of which one sends back what the other sends: what
 * `wherry-pion echo` does, with less work for the load's core, and the same lines of JSON.
 *
 *   bench-echo --server URL [--size BYTES] [--in-flight N] [--settle Ns] [--window Ns]
 *
 * Every message carries a number, the time and a filling that its number says; all three are
 * looked at when it is back. Ends with its standard input. */

#define WARM_UP_MS 1000
#define PATIENCE_MS 40000
#define HEADER 16u

static char *server;
static int size = 16384;
static int in_flight = 16;
static const char *settle = "0s";
static const char *window = "3s";

static const GOptionEntry entries[]
    = { { "server", 0, 0, G_OPTION_ARG_STRING, &server, "The relay", "URL" },
        { "size", 0, 0, G_OPTION_ARG_INT, &size, "Bytes of a message", "BYTES" },
        { "in-flight", 0, 0, G_OPTION_ARG_INT, &in_flight, "Messages at one time", "N" },
        { "settle", 0, 0, G_OPTION_ARG_STRING, &settle, "Between the joins and the traffic", "Ns" },
        { "window", 0, 0, G_OPTION_ARG_STRING, &window, "What is measured", "Ns" },
        G_OPTION_ENTRY_NULL };

typedef struct
{
  WherryClient *client;
  WherryDataChannel *channel;
  gboolean has_joined;
} Member;

static struct
{
  Member asks, mirrors;
  guint8 *filling;
  guint64 sent, back, mirrored, damaged, disorder;
  gboolean is_measuring, is_stopping;
  gint64 last_us, longest_us;
  GArray *latencies_us; /* (element-type gint64) */
} self;

static G_NORETURN void
fail (const char *doing, const GError *error)
{
  printf ("{\"event\":\"error\",\"message\":\"%s: %s\"}\n", doing,
          error != NULL ? error->message : "it did not happen in time");
  exit (1);
}

static gboolean
set_flag (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
wait_for (guint ms)
{
  gboolean is_over = FALSE;

  g_timeout_add (ms, set_flag, &is_over);
  while (!is_over)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_until (gboolean (*is_done) (void), const char *doing)
{
  gboolean is_over = FALSE;
  guint timer = g_timeout_add (PATIENCE_MS, set_flag, &is_over);

  while (!is_done ())
    {
      if (is_over)
        fail (doing, NULL);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (timer);
}

static const guint8 *
filling_of (guint64 number)
{
  return self.filling + number % 251;
}

static void
send_next (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint8 *message = g_malloc (size);
  gint64 now = g_get_monotonic_time ();

  memcpy (message, &self.sent, 8);
  memcpy (message + 8, &now, 8);
  memcpy (message + HEADER, filling_of (self.sent), size - HEADER);
  bytes = g_bytes_new_take (message, size);
  self.sent++;
  if (!wherry_data_channel_send_bytes (self.asks.channel, bytes, &error))
    fail ("sending", error);
}

static void
on_back (WherryDataChannel *channel, GBytes *bytes, gboolean is_text, gpointer user_data)
{
  gsize length;
  const guint8 *message = g_bytes_get_data (bytes, &length);
  gint64 now = g_get_monotonic_time ();
  guint64 number;
  gint64 sent_us;

  if (length != (gsize) size)
    {
      self.damaged++;
      return;
    }
  memcpy (&number, message, 8);
  memcpy (&sent_us, message + 8, 8);
  self.damaged += memcmp (message + HEADER, filling_of (number), length - HEADER) != 0;
  self.disorder += number != self.back;
  self.back++;
  if (self.is_measuring)
    {
      gint64 latency_us = now - sent_us;

      self.longest_us = MAX (self.longest_us, now - self.last_us);
      g_array_append_val (self.latencies_us, latency_us);
    }
  self.last_us = now;
  if (!self.is_stopping)
    send_next ();
}

static void
on_asked (WherryDataChannel *channel, GBytes *bytes, gboolean is_text, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  self.mirrored++;
  if (!wherry_data_channel_send_bytes (channel, bytes, &error))
    fail ("sending back", error);
}

static void
on_prepare (WherryClient *client, WherryPeerConnection *connection, Member *member)
{
  g_autoptr (GError) error = NULL;

  if (member->channel != NULL)
    return;
  member->channel = wherry_client_create_data_channel (client, "load", NULL, &error);
  if (member->channel == NULL)
    fail ("making a channel", error);
  g_signal_connect (member->channel, "message",
                    G_CALLBACK (member == &self.asks ? on_back : on_asked), NULL);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!wherry_client_join_finish (WHERRY_CLIENT (source), result, &error))
    fail ("joining", error);
  ((Member *) data)->has_joined = TRUE;
}

static void
member_join (Member *member)
{
  g_autoptr (WherryConfiguration) configuration = wherry_configuration_new ();

  member->client
      = g_object_new (WHERRY_TYPE_CLIENT, "uri", server, "room", "bench", "configuration",
                      configuration, "mirror", FALSE, "reconnect", FALSE, "resume", FALSE, NULL);
  g_signal_connect (member->client, "prepare", G_CALLBACK (on_prepare), member);
  wherry_client_join_async (member->client, NULL, on_joined, member);
}

static gboolean
is_ready (const Member *member)
{
  return member->has_joined && member->channel != NULL
         && wherry_data_channel_get_ready_state (member->channel) == WHERRY_DATA_CHANNEL_STATE_OPEN;
}

static gboolean
are_ready (void)
{
  return is_ready (&self.asks) && is_ready (&self.mirrors);
}

static gboolean
is_all_back (void)
{
  return self.back == self.sent;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const gint64 *x = a;
  const gint64 *y = b;

  return (*x > *y) - (*x < *y);
}

static double
percentile (double share)
{
  if (self.latencies_us->len == 0)
    return 0;
  return (double) g_array_index (self.latencies_us, gint64,
                                 (guint) (share * (self.latencies_us->len - 1)));
}

static void
measure (void)
{
  gint64 begun_us;

  for (int i = 0; i < in_flight; i++)
    send_next ();
  wait_for (WARM_UP_MS);
  begun_us = self.last_us = g_get_monotonic_time ();
  self.is_measuring = TRUE;
  printf ("{\"event\":\"start\",\"delivered\":%" G_GUINT64_FORMAT "}\n", self.back + self.mirrored);
  wait_for ((guint) (g_ascii_strtod (window, NULL) * 1000));
  self.is_measuring = FALSE;
  self.longest_us = MAX (self.longest_us, g_get_monotonic_time () - self.last_us);
  printf ("{\"event\":\"stop\",\"delivered\":%" G_GUINT64_FORMAT ",\"seconds\":%f}\n",
          self.back + self.mirrored,
          (double) (g_get_monotonic_time () - begun_us) / G_USEC_PER_SEC);
  self.is_stopping = TRUE;
  wait_until (is_all_back, "waiting for the last echoes");
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) dice = g_rand_new_with_seed (1);

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || server == NULL
      || size < (int) HEADER || in_flight < 1)
    {
      fprintf (stderr, "bench-echo: %s\n", error != NULL ? error->message : "no --server");
      return 2;
    }
  setvbuf (stdout, NULL, _IOLBF, 0);
  self.latencies_us = g_array_new (FALSE, FALSE, sizeof (gint64));
  self.filling = g_malloc (size + 251);
  for (int i = 0; i < size + 251; i++)
    self.filling[i] = (guint8) g_rand_int (dice);
  member_join (&self.asks);
  member_join (&self.mirrors);
  wait_until (are_ready, "joining");
  printf ("{\"event\":\"joined\",\"members\":2}\n");
  wait_for ((guint) (g_ascii_strtod (settle, NULL) * 1000));
  measure ();
  g_array_sort (self.latencies_us, compare);
  printf ("{\"event\":\"result\",\"sent\":%" G_GUINT64_FORMAT ",\"delivered\":%" G_GUINT64_FORMAT
          ",\"complete\":true,\"damaged\":%" G_GUINT64_FORMAT ",\"disorder\":%" G_GUINT64_FORMAT
          ",\"skipped\":0,\"longest_gap_ms\":%f,\"latency_p50_us\":%f,\"latency_p99_us\":%f}\n",
          self.sent, self.back, self.damaged, self.disorder, (double) self.longest_us / 1000,
          percentile (0.5), percentile (0.99));
  while (getchar () != EOF)
    ;
  return 0;
}
