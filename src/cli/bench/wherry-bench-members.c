/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/bench/wherry-bench.h"

/* So many at a time are more than one processor's work for the server. */
#define JOINING_MAX 8u
#define JOIN_TIMEOUT_MS 60000u
#define LEAVE_TIMEOUT_MS 10000u
#define TOPIC "bench"

static void
member_free (gpointer data)
{
  WherryBenchMember *self = data;

  g_signal_handlers_disconnect_by_data (self->client, self);
  if (self->channel != NULL)
    g_signal_handlers_disconnect_by_data (self->channel, self);
  g_clear_object (&self->channel);
  g_clear_object (&self->client);
  g_clear_error (&self->error);
  g_free (self);
}

static void
on_message (WherryDataChannel *channel, GBytes *bytes, gboolean is_text, WherryBenchMember *self)
{
  self->hear (self->user_data, self->index, bytes);
}

static void
on_prepare (WherryClient *client, WherryPeerConnection *connection, WherryBenchMember *self)
{
  if (self->hear == NULL || self->channel != NULL)
    return;
  self->channel = wherry_client_create_data_channel (client, TOPIC, NULL, NULL);
  if (self->channel != NULL)
    g_signal_connect (self->channel, "message", G_CALLBACK (on_message), self);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryBenchMember *self = data;

  if (wherry_client_join_finish (WHERRY_CLIENT (source), result, &self->error))
    self->joined_us = g_get_monotonic_time ();
  self->is_settled = TRUE;
}

static gboolean
is_open (const WherryBenchMember *self)
{
  return self->hear == NULL
         || (self->channel != NULL
             && wherry_data_channel_get_ready_state (self->channel)
                    == WHERRY_DATA_CHANNEL_STATE_OPEN);
}

typedef struct
{
  WherryInvocation *invocation;
  WherryConfiguration *configuration;
  const char *room;
  GPtrArray *members;
  guint n;
  WherryBenchHear hear;
  gpointer user_data;
} Joining;

static void
begin (Joining *self)
{
  WherryBenchMember *member = g_new0 (WherryBenchMember, 1);

  member->index = self->members->len;
  member->hear = self->hear;
  member->user_data = self->user_data;
  /* plain channels and no resume: what is measured is the relay, not what comes on top */
  member->client
      = g_object_new (WHERRY_TYPE_CLIENT, "uri", self->invocation->server, "room", self->room,
                      "token", self->invocation->token, "configuration", self->configuration,
                      "mirror", FALSE, "reconnect", FALSE, "resume", FALSE, NULL);
  g_signal_connect (member->client, "prepare", G_CALLBACK (on_prepare), member);
  g_ptr_array_add (self->members, member);
  member->begun_us = g_get_monotonic_time ();
  wherry_client_join_async (member->client, self->invocation->cancellable, on_joined, member);
}

static gboolean
is_over (gpointer data)
{
  Joining *self = data;
  guint n_joining = 0;
  guint n_ready = 0;
  gboolean has_failed = FALSE;

  for (guint i = 0; i < self->members->len; i++)
    {
      const WherryBenchMember *member = g_ptr_array_index (self->members, i);

      n_joining += !member->is_settled;
      n_ready += member->is_settled && member->error == NULL && is_open (member);
      has_failed |= member->error != NULL;
    }
  if (has_failed || g_cancellable_is_cancelled (self->invocation->cancellable))
    return n_joining == 0;
  while (n_joining < JOINING_MAX && self->members->len < self->n)
    {
      begin (self);
      n_joining++;
    }
  return n_ready == self->n;
}

/* The first that went wrong, with how many were there. */
static gboolean
check (Joining *self, gboolean all_there, GError **error)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      WherryBenchMember *member = g_ptr_array_index (self->members, i);

      if (member->error != NULL)
        {
          g_propagate_prefixed_error (error, g_steal_pointer (&member->error),
                                      _ ("member %u of %u: "), i + 1, self->n);
          return FALSE;
        }
    }
  if (all_there)
    return TRUE;
  if (!g_cancellable_set_error_if_cancelled (self->invocation->cancellable, error))
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_TIMEOUT,
                 _ ("%u members have not joined in a minute"), self->n);
  return FALSE;
}

GPtrArray *
wherry_bench_members_join (WherryInvocation *invocation, const char *room, guint n,
                           WherryBenchHear hear, gpointer user_data, WherryBenchHistogram *times,
                           GError **error)
{
  g_autoptr (WherryConfiguration) configuration
      = wherry_invocation_make_configuration (invocation, error);
  g_autoptr (GPtrArray) members = g_ptr_array_new_with_free_func (member_free);
  g_autoptr (GCancellable) never = g_cancellable_new ();
  Joining joining = { invocation, configuration, room, members, n, hear, user_data };
  gboolean all_there;

  if (configuration == NULL)
    return NULL;
  /* those that are joining hear of a cancellation themselves */
  all_there = wherry_await_until (is_over, &joining, never, JOIN_TIMEOUT_MS) && members->len == n;
  if (!check (&joining, all_there, error))
    {
      wherry_bench_members_leave (g_steal_pointer (&members));
      return NULL;
    }
  for (guint i = 0; times != NULL && i < n; i++)
    {
      const WherryBenchMember *member = g_ptr_array_index (members, i);

      wherry_bench_histogram_add (times, member->joined_us - member->begun_us);
    }
  return g_steal_pointer (&members);
}

/* ---- leaving ---- */

static void
on_left (GObject *source, GAsyncResult *result, gpointer data)
{
  ((WherryBenchMember *) data)->has_left = TRUE;
}

static gboolean
have_left (gpointer data)
{
  GPtrArray *members = data;

  for (guint i = 0; i < members->len; i++)
    if (!((WherryBenchMember *) g_ptr_array_index (members, i))->has_left)
      return FALSE;
  return TRUE;
}

void
wherry_bench_members_leave (GPtrArray *members)
{
  g_autoptr (GCancellable) never = g_cancellable_new ();

  for (guint i = 0; i < members->len; i++)
    {
      WherryBenchMember *member = g_ptr_array_index (members, i);

      wherry_client_leave_async (member->client, NULL, on_left, member);
    }
  if (!wherry_await_until (have_left, members, never, LEAVE_TIMEOUT_MS))
    return; /* somebody is still called back: the process ends soon */
  g_ptr_array_unref (members);
}
