/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-client-core-private.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-member-private.h"

static void
show (WherryClientCore *self, WherryClientShows what)
{
  g_autoptr (WherryClient) shell = g_weak_ref_get (&self->shell);

  if (shell != NULL)
    wherry_client_show (shell, what);
}

static void
set_state (WherryClientCore *self, WherryClientState state, const GError *error)
{
  g_clear_error (&self->error);
  self->error = error != NULL ? g_error_copy (error) : NULL;
  if (self->state == state)
    return;
  self->state = state;
  if (state == WHERRY_CLIENT_STATE_CLOSED || state == WHERRY_CLIENT_STATE_FAILED)
    wherry_client_session_end (self->session);
  show (self, WHERRY_CLIENT_SHOWS_STATE);
}

static void
set_transport (WherryClientCore *self, WherryClientTransport transport)
{
  if (self->transport == transport)
    return;
  self->transport = transport;
  show (self, WHERRY_CLIENT_SHOWS_TRANSPORT);
}

static void
drop_link (WherryClientCore *self)
{
  gboolean had = self->link != NULL && wherry_client_link_get_connection (self->link) != NULL;

  g_clear_pointer (&self->link, wherry_client_link_free);
  wherry_client_session_cut (self->session);
  g_hash_table_remove_all (self->by_id);
  g_list_store_remove_all (self->members);
  set_transport (self, WHERRY_CLIENT_TRANSPORT_NONE);
  if (had)
    show (self, WHERRY_CLIENT_SHOWS_CONNECTION);
}

/* (transfer full) (nullable) */
static GTask *
take_join (WherryClientCore *self)
{
  wherry_clock_clear_source (&self->watch);
  return g_steal_pointer (&self->join);
}

static void
fail (WherryClientCore *self, const GError *error)
{
  g_autoptr (GTask) task = take_join (self);

  drop_link (self);
  set_state (self, WHERRY_CLIENT_STATE_FAILED, error);
  if (task != NULL)
    g_task_return_error (task, g_error_copy (error));
}

/* ---- members ---- */

static void
add_member (WherryClientCore *self, const char *id, const char *name, const char *attributes)
{
  g_autoptr (WherryMember) member = NULL;

  if (g_hash_table_contains (self->by_id, id) || g_strcmp0 (id, self->id) == 0)
    return;
  if (self->link == NULL) /* who hears of the others has left meanwhile */
    return;
  if (g_hash_table_size (self->by_id) >= WHERRY_CLIENT_MEMBERS_MAX)
    {
      g_autoptr (GError) error
          = g_error_new (WHERRY_ERROR, WHERRY_ERROR_LIMIT, "the server names more than %u members",
                         WHERRY_CLIENT_MEMBERS_MAX);

      fail (self, error);
      return;
    }
  member = wherry_member_new (self->room, name);
  wherry_member_set_id (member, id, NULL);
  wherry_member_take_attributes (member, attributes);
  g_hash_table_insert (self->by_id, (gpointer) wherry_member_get_id (member), member);
  g_list_store_append (self->members, member);
}

static void
add_members (WherryClientCore *self, GPtrArray *members)
{
  for (guint i = 0; members != NULL && i < members->len; i++)
    {
      const WherrySignalMember *member = g_ptr_array_index (members, i);

      add_member (self, member->peer, member->name, member->attributes);
    }
}

static void
change_member (WherryClientCore *self, const char *id, const char *attributes)
{
  WherryMember *found = g_hash_table_lookup (self->by_id, id);
  g_autoptr (WherryMember) member = found != NULL ? g_object_ref (found) : NULL;
  g_autoptr (WherryClient) shell = NULL;

  if (g_strcmp0 (id, self->id) == 0)
    {
      wherry_client_core_keep_attributes (self, attributes);
      return;
    }
  if (member == NULL)
    return;
  wherry_member_take_attributes (member, attributes);
  shell = g_weak_ref_get (&self->shell);
  if (shell != NULL)
    wherry_client_emit_member_changed (shell, member);
}

static void
remove_member (WherryClientCore *self, const char *id, WherryLeaveReason reason)
{
  g_autoptr (WherryMember) member = g_hash_table_lookup (self->by_id, id);
  guint position;

  if (member == NULL)
    return;
  g_object_ref (member);
  g_hash_table_remove (self->by_id, id);
  if (g_list_store_find (self->members, member, &position))
    g_list_store_remove (self->members, position);
  wherry_member_set_left (member, reason);
}

/* ---- what the link says ---- */

static gboolean try_link (WherryClientCore *self, GError **error);

static char *
on_join (gpointer user_data)
{
  return wherry_client_core_write_join (user_data);
}

static void
on_joined (gpointer user_data, const WherrySignal *joined)
{
  WherryClientCore *self = user_data;

  g_free (self->id);
  self->id = g_strdup (joined->peer);
  add_members (self, joined->members);
  show (self, WHERRY_CLIENT_SHOWS_ID);
  wherry_client_session_take_joined (self->session, joined, wherry_client_core_is_addressed (self));
}

static void
on_prepare (gpointer user_data, WherryPeerConnection *connection)
{
  WherryClientCore *self = user_data;
  g_autoptr (WherryClient) shell = g_weak_ref_get (&self->shell);

  wherry_client_session_attach (self->session, connection);
  if (shell == NULL)
    return;
  wherry_client_show (shell, WHERRY_CLIENT_SHOWS_CONNECTION);
  wherry_client_emit_prepare (shell, connection);
}

static void
on_channel (gpointer user_data, WherryDataChannel *channel)
{
  WherryClientCore *self = user_data;
  g_autoptr (WherryClient) shell = g_weak_ref_get (&self->shell);

  if (!wherry_client_session_take_channel (self->session, channel) && shell != NULL)
    wherry_client_emit_data_channel (shell, channel);
}

static void
on_lost (gpointer user_data)
{
  wherry_client_session_cut (((WherryClientCore *) user_data)->session);
}

static void
on_retire (gpointer user_data, WherryPeerConnection *connection)
{
  wherry_client_session_keep (((WherryClientCore *) user_data)->session, connection);
}

static void
on_connected (gpointer user_data)
{
  WherryClientCore *self = user_data;
  g_autoptr (GTask) task = take_join (self);

  self->connected_us = wherry_clock_now_us (self->clock);
  if (self->leaves->len == 0)
    set_state (self, WHERRY_CLIENT_STATE_CONNECTED, NULL);
  if (task != NULL)
    g_task_return_boolean (task, TRUE);
}

static void
on_moved (gpointer user_data, gboolean tunneled)
{
  set_transport (user_data,
                 tunneled ? WHERRY_CLIENT_TRANSPORT_WEBSOCKET : WHERRY_CLIENT_TRANSPORT_WEBRTC);
}

static void
on_wavering (gpointer user_data, gboolean yes)
{
  WherryClientCore *self = user_data;

  if (self->leaves->len == 0)
    set_state (self, yes ? WHERRY_CLIENT_STATE_RECONNECTING : WHERRY_CLIENT_STATE_CONNECTED, NULL);
}

static void
emit_text (WherryClientCore *self, const char *name, const char *first, const char *second)
{
  g_autoptr (WherryClient) shell = g_weak_ref_get (&self->shell);

  if (shell != NULL)
    wherry_client_emit_text (shell, name, first, second);
}

static void
on_signal (gpointer user_data, const WherrySignal *signal)
{
  WherryClientCore *self = user_data;

  if (wherry_client_core_take_resume_signal (self, signal))
    return;
  if (signal->type == WHERRY_SIGNAL_MEMBERS)
    add_members (self, signal->members);
  else if (signal->type == WHERRY_SIGNAL_MEMBER_JOINED)
    add_member (self, signal->peer, signal->name, signal->attributes);
  else if (signal->type == WHERRY_SIGNAL_MEMBER_CHANGED)
    change_member (self, signal->peer, signal->attributes);
  else if (signal->type == WHERRY_SIGNAL_MEMBER_LEFT)
    remove_member (self, signal->peer, signal->reason);
  else if (signal->type == WHERRY_SIGNAL_MSG)
    emit_text (self, "msg", signal->from, signal->data);
  else if (signal->type == WHERRY_SIGNAL_SIGNAL)
    emit_text (self, "signaled", signal->from, signal->data);
  else if (signal->type == WHERRY_SIGNAL_ERROR)
    emit_text (self, "notice", wherry_signal_error_to_string (signal->code), signal->message);
}

static gboolean
on_retry (gpointer data)
{
  WherryClientCore *self = data;
  g_autoptr (GError) error = NULL;

  wherry_clock_clear_source (&self->retry);
  if (!try_link (self, &error))
    fail (self, error);
  return G_SOURCE_REMOVE;
}

static void
on_ended (gpointer user_data, const GError *error, gboolean is_final)
{
  WherryClientCore *self = user_data;
  gint64 now_us = wherry_clock_now_us (self->clock);

  if (self->connected_us >= 0)
    wherry_backoff_lost (&self->backoff, now_us - self->connected_us);
  self->connected_us = -1;
  if (self->join != NULL || is_final || !self->reconnect)
    {
      fail (self, error);
      return;
    }
  drop_link (self);
  set_state (self, WHERRY_CLIENT_STATE_RECONNECTING, error);
  /* who heard of it may have left */
  if (self->state == WHERRY_CLIENT_STATE_RECONNECTING && self->retry == NULL)
    self->retry = wherry_clock_add (self->clock, self->context,
                                    wherry_backoff_next_us (&self->backoff, g_random_double ()),
                                    on_retry, self);
}

static const WherryClientLinkEvents link_events = {
  .join = on_join,
  .joined = on_joined,
  .prepare = on_prepare,
  .channel = on_channel,
  .connected = on_connected,
  .moved = on_moved,
  .wavering = on_wavering,
  .lost = on_lost,
  .retire = on_retire,
  .signal = on_signal,
  .ended = on_ended,
};

static gboolean
try_link (WherryClientCore *self, GError **error)
{
  const WherryClientLinkOptions options = {
    .uri = self->uri,
    .configuration = self->configuration,
    .clock = self->clock,
  };

  g_main_context_push_thread_default (self->context);
  self->link = wherry_client_link_new (&options, &link_events, self, error);
  g_main_context_pop_thread_default (self->context);
  return self->link != NULL;
}

/* ---- what the program asks ---- */

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  WherryClientCore *self = data;
  g_autoptr (GTask) task = take_join (self);

  drop_link (self);
  set_state (self, WHERRY_CLIENT_STATE_CLOSED, NULL);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static gboolean
check_options (WherryClientCore *self, GError **error)
{
  const char *wrong = NULL;

  if (self->state != WHERRY_CLIENT_STATE_CLOSED && self->state != WHERRY_CLIENT_STATE_FAILED)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE,
                           "the client has joined already");
      return FALSE;
    }
  if (self->uri == NULL)
    wrong = "there is no uri to join at";
  else if (!wherry_signal_room_is_valid (self->room))
    wrong = "a room's name has 1 to 128 bytes of UTF-8 without control characters or /";
  else if (!wherry_signal_name_is_valid (self->name))
    wrong = "a member's name has at most 64 bytes of UTF-8 without control characters";
  else if (self->attributes != NULL
           && !wherry_signal_attributes_check (self->attributes, strlen (self->attributes), NULL))
    wrong = "attributes are a JSON object of at most 4 KiB";
  if (wrong != NULL)
    g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, wrong);
  return wrong == NULL;
}

void
wherry_client_core_join (WherryClientCore *self, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GTask) owned = task;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (!check_options (self, &error) || !try_link (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  self->join = g_steal_pointer (&owned);
  self->backoff.n_tries = 0;
  self->connected_us = -1;
  if (cancellable != NULL)
    {
      self->watch = g_cancellable_source_new (cancellable);
      g_source_set_callback (self->watch, G_SOURCE_FUNC (on_cancelled), self, NULL);
      g_source_attach (self->watch, self->context);
    }
  set_state (self, WHERRY_CLIENT_STATE_JOINING, NULL);
}

static void
on_left (gpointer user_data)
{
  WherryClientCore *self = user_data;
  g_autoptr (GPtrArray) leaves = g_steal_pointer (&self->leaves);

  self->leaves = g_ptr_array_new_with_free_func (g_object_unref);
  drop_link (self);
  set_state (self, WHERRY_CLIENT_STATE_CLOSED, NULL);
  for (guint i = 0; i < leaves->len; i++)
    g_task_return_boolean (g_ptr_array_index (leaves, i), TRUE);
}

void
wherry_client_core_leave (WherryClientCore *self, GTask *task)
{
  gboolean first = self->leaves->len == 0;
  g_autoptr (GTask) join = take_join (self);

  g_ptr_array_add (self->leaves, task);
  wherry_clock_clear_source (&self->retry);
  if (join != NULL)
    g_task_return_new_error (join, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the client left meanwhile");
  if (self->link == NULL)
    on_left (self);
  else if (first)
    wherry_client_link_leave (self->link, on_left, self);
}

WherryPeerConnection *
wherry_client_core_get_connection (WherryClientCore *self)
{
  return self->link != NULL ? wherry_client_link_get_connection (self->link) : NULL;
}

/* ---- life ---- */

WherryClientCore *
wherry_client_core_new (WherryClient *shell)
{
  WherryClientCore *self = g_new0 (WherryClientCore, 1);

  self->context = g_main_context_ref_thread_default ();
  self->clock = wherry_clock_ref (wherry_clock_system ());
  g_weak_ref_init (&self->shell, shell);
  self->mirror = TRUE;
  self->reconnect = TRUE;
  wherry_client_core_begin_session (self);
  self->members = g_list_store_new (WHERRY_TYPE_MEMBER);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  self->leaves = g_ptr_array_new_with_free_func (g_object_unref);
  self->connected_us = -1;
  return self;
}

void
wherry_client_set_clock (WherryClient *client, WherryClock *clock)
{
  WherryClientCore *self = client->core;

  g_assert (self->link == NULL && self->retry == NULL);
  wherry_clock_unref (self->clock);
  self->clock = wherry_clock_ref (clock);
}

static gboolean
on_free (gpointer data)
{
  WherryClientCore *self = data;

  wherry_clock_clear_source (&self->retry);
  wherry_clock_clear_source (&self->watch);
  drop_link (self);
  wherry_client_session_free (self->session);
  g_weak_ref_clear (&self->shell);
  g_free (self->uri);
  g_free (self->room);
  g_free (self->name);
  g_free (self->token);
  g_free (self->attributes);
  g_clear_pointer (&self->will, wherry_signal_will_free);
  g_free (self->id);
  g_clear_object (&self->configuration);
  g_clear_error (&self->error);
  g_hash_table_unref (self->by_id);
  g_object_unref (self->members);
  g_ptr_array_unref (self->leaves);
  wherry_clock_unref (self->clock);
  g_main_context_unref (self->context);
  g_free (self);
  return G_SOURCE_REMOVE;
}

void
wherry_client_core_post_free (WherryClientCore *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_free, self, NULL);
  g_source_attach (source, self->context);
}
