/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/wherry-test-client.h"
#include "fixtures/wherry-wait.h"

/* Members who come, talk and leave, all at once, over real ICE, DTLS and SCTP. Usage:
 *
 *   wherry-churn URL MEMBERS ROOMS [ID]
 *
 * ID: their channels are negotiated with this id. Each line of standard input is a task:
 *
 *   stay    all connect, each sends MESSAGES that all others of its room get; prints "talked"
 *   leave   they leave; prints "left"
 *   go      both; prints "left"
 *
 * Whoever drives this may kill it at any time. */

/* Each member's messages of a round: a burst that a packet holds, and more than one window. */
#define MESSAGES 4
#define SIZE 1000
#define WORKERS 2

typedef struct
{
  const char *url;
  guint n;
  guint rooms;
  int id; /* negotiated; -1: opened in-band */
  WherryWorker *workers[WORKERS];
  WherryTestClient **clients;
  guint n_heard; /* the first so many have heard everything */
} Churn;

static void
connect_all (Churn *self, guint round)
{
  const WherryChannelInit chat = {
    .label = "chat",
    .protocol = "",
    .ordered = TRUE,
    .negotiated = self->id >= 0,
    .id = self->id >= 0 ? (guint16) self->id : WHERRY_CHANNEL_ID_NONE,
  };

  for (guint i = 0; i < self->n; i++)
    {
      g_autofree char *room = g_strdup_printf ("round-%u-room-%u", round, i % self->rooms);
      WherryTestClientConfig config = {
        .url = self->url,
        .room = room,
        .channels = &chat,
        .n_channels = 1,
        .worker = self->workers[i % WORKERS],
        .forget_messages = TRUE,
        /* every other one lets the server make the offer */
        .mode = (i / self->rooms) % 2 == 0 ? WHERRY_TEST_OFFER : WHERRY_TEST_CALL,
      };

      self->clients[i] = wherry_test_client_new (&config);
    }
}

static gboolean
are_all_open (Churn *self)
{
  for (guint i = 0; i < self->n; i++)
    if (!wherry_test_client_is_open (self->clients[i], "chat"))
      return FALSE;
  return TRUE;
}

/* A negotiated channel is open at once on our side, and a moment later on the other: it is
 * subscribed for certain when something came on it. */
static gboolean
has_everyone_met (Churn *self)
{
  for (guint i = 0; i < self->n; i++)
    {
      WherryTestStats stats;

      wherry_test_client_get_stats (self->clients[i], &stats);
      if (stats.received == 0)
        return FALSE;
    }
  return TRUE;
}

static gboolean
on_greet (gpointer data)
{
  Churn *self = data;

  for (guint i = 0; i < self->n; i++)
    wherry_test_client_send_text (self->clients[i], "chat", "hello");
  return G_SOURCE_CONTINUE;
}

static void
meet (Churn *self)
{
  guint greeting = g_timeout_add (50, on_greet, self);

  WHERRY_WAIT_UNTIL (NULL, has_everyone_met (self));
  g_source_remove (greeting);
}

/* Each one's messages came, from the others of its room. */
static gboolean
has_heard (Churn *self, guint i)
{
  for (guint from = i % self->rooms; from < self->n; from += self->rooms)
    if (from != i && wherry_test_client_get_n_flooded (self->clients[i], "chat", from) < MESSAGES)
      return FALSE;
  return TRUE;
}

static gboolean
has_everyone_heard (Churn *self)
{
  while (self->n_heard < self->n && has_heard (self, self->n_heard))
    self->n_heard++;
  return self->n_heard == self->n;
}

static void
check (Churn *self)
{
  for (guint i = 0; i < self->n; i++)
    {
      WherryTestClient *client = self->clients[i];
      WherryTestStats stats;

      wherry_test_client_get_stats (client, &stats);
      if (self->id < 0) /* nobody greeted */
        g_assert_cmpuint (stats.received, ==, (self->n / self->rooms - 1) * MESSAGES);
      g_assert_cmpuint (stats.gaps, ==, 0);
      g_assert_cmpuint (stats.misplaced, ==, 0);
      g_assert_cmpint (wherry_test_client_get_error (client), ==, WHERRY_SIGNAL_ERROR_NONE);
      for (guint from = 0; from < self->n; from++)
        if (from == i || from % self->rooms != i % self->rooms)
          g_assert_cmpuint (wherry_test_client_get_n_flooded (client, "chat", from), ==, 0);
        else
          g_assert_cmpuint (wherry_test_client_get_n_flooded (client, "chat", from), ==, MESSAGES);
    }
}

static void
talk (Churn *self, guint round)
{
  connect_all (self, round);
  WHERRY_WAIT_UNTIL (NULL, are_all_open (self));
  if (self->id >= 0)
    meet (self);
  self->n_heard = 0;
  for (guint i = 0; i < self->n; i++)
    wherry_test_client_flood (self->clients[i], "chat", i, MESSAGES, SIZE);
  WHERRY_WAIT_UNTIL (NULL, has_everyone_heard (self));
  check (self);
}

static gboolean
are_all_gone (Churn *self)
{
  for (guint i = 0; i < self->n; i++)
    if (!wherry_test_client_is_ended (self->clients[i])
        || !wherry_test_client_is_socket_closed (self->clients[i]))
      return FALSE;
  return TRUE;
}

/* The ways to go, mixed within each room: a word, a connection that ends, and a socket that closes
 * long before it. */
static void
leave_all (Churn *self)
{
  for (guint i = 0; i < self->n; i++)
    switch (i / self->rooms % 3)
      {
      case 0:
        wherry_test_client_leave (self->clients[i]);
        break;
      case 1:
        wherry_test_client_abort (self->clients[i]);
        break;
      default:
        wherry_test_client_close_socket (self->clients[i]);
        wherry_test_client_abort (self->clients[i]);
        break;
      }
  WHERRY_WAIT_UNTIL (NULL, are_all_gone (self));
  for (guint i = 0; i < self->n; i++)
    g_clear_pointer (&self->clients[i], wherry_test_client_free);
}

int
main (int argc, char **argv)
{
  Churn self = { 0 };
  g_autoptr (GError) error = NULL;
  char line[64];

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, >=, 4);
  self.url = argv[1];
  self.n = (guint) atoi (argv[2]);
  self.rooms = (guint) atoi (argv[3]);
  self.id = argc > 4 ? atoi (argv[4]) : -1;
  g_assert_cmpuint (self.n % self.rooms, ==, 0);
  self.clients = g_new0 (WherryTestClient *, self.n);
  for (guint i = 0; i < WORKERS; i++)
    {
      self.workers[i] = wherry_worker_new ("clients", &error);
      g_assert_no_error (error);
    }

  for (guint round = 0; fgets (line, sizeof line, stdin) != NULL; round++)
    {
      gboolean stay = g_str_has_prefix (line, "stay");

      if (!g_str_has_prefix (line, "leave"))
        talk (&self, round);
      if (!stay)
        leave_all (&self);
      puts (stay ? "talked" : "left");
      fflush (stdout);
    }

  for (guint i = 0; i < WORKERS; i++)
    {
      wherry_worker_post_stop (self.workers[i]);
      wherry_worker_join (self.workers[i]);
      wherry_worker_unref (self.workers[i]);
    }
  g_free (self.clients);
  return 0;
}
