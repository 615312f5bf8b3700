/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "relay-end.h"

static void
weak_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

void
relay_end_watch (RelayEnd *self, gpointer object)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, object);
  g_ptr_array_add (self->weak, weak);
}

void
relay_end_init (RelayEnd *self, gconstpointer data)
{
  self->thread = g_thread_self ();
  self->weak = g_ptr_array_new_with_free_func (weak_free);
  self->relay = wherry_relay_new (NULL);
  relay_end_watch (self, self->relay);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (wherry_relay_close_finish (WHERRY_RELAY (source), result, &error));
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

void
relay_end_close (RelayEnd *self)
{
  gboolean closed = FALSE;

  wherry_relay_close_async (self->relay, NULL, on_closed, &closed);
  WHERRY_WAIT_UNTIL (NULL, closed);
  g_assert_cmpuint (g_list_model_get_n_items (wherry_relay_get_rooms (self->relay)), ==, 0);
}

void
relay_end_clear (RelayEnd *self, gconstpointer data)
{
  if (self->relay != NULL)
    relay_end_close (self);
  g_clear_object (&self->relay);
  for (guint i = 0; i < self->weak->len; i++)
    {
      g_autoptr (GObject) object = g_weak_ref_get (g_ptr_array_index (self->weak, i));

      if (object != NULL)
        g_error ("a %s was not finalized", G_OBJECT_TYPE_NAME (object));
    }
  g_ptr_array_unref (self->weak);
}

/* ---- its server ---- */

WherryConfiguration *
relay_end_make_configuration (void)
{
  const char *const addresses[] = { "127.0.0.1", NULL };
  WherryConfiguration *configuration = wherry_configuration_new ();

  wherry_configuration_set_bind_addresses (configuration, addresses);
  return configuration;
}

void
relay_end_start_server (RelayEnd *self, guint port)
{
  g_autoptr (GError) error = NULL;

  if (self->relay == NULL)
    self->relay = wherry_relay_new (NULL);
  self->server = wherry_server_new (self->relay);
  relay_end_watch (self, self->server);
  g_object_set (self->server, "port", port, "token-keys", self->token_keys, NULL);
  wherry_server_start (self->server, &error);
  g_assert_no_error (error);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

guint
relay_end_stop_server (RelayEnd *self)
{
  guint port = wherry_server_get_port (self->server);
  gboolean stopped = FALSE;

  relay_end_close (self);
  wherry_server_stop_async (self->server, NULL, on_stopped, &stopped);
  WHERRY_WAIT_UNTIL (NULL, stopped);
  g_clear_object (&self->server);
  g_clear_object (&self->relay);
  return port;
}

/* ---- members ---- */

static void
on_message (WherryMember *member, const char *topic, GBytes *data, gboolean is_text,
            gpointer user_data)
{
  LocalEnd *self = user_data;
  gsize length;
  const char *text = g_bytes_get_data (data, &length);

  g_assert_true (g_thread_self () == self->end->thread);
  self->n_messages++;
  if (is_text)
    g_string_append_printf (self->heard, "%s:%.*s ", topic, (int) length, text != NULL ? text : "");
  else
    g_string_append_printf (self->heard, "%s#%" G_GSIZE_FORMAT " ", topic, length);
}

static void
on_notice (WherryMember *member, const char *code, const char *text, gpointer user_data)
{
  LocalEnd *self = user_data;

  g_assert_true (g_thread_self () == self->end->thread);
  g_assert_nonnull (text);
  g_string_append_printf (self->notices, "%s ", code);
}

static void
on_drained (WherryMember *member, gpointer user_data)
{
  ((LocalEnd *) user_data)->n_drained++;
}

LocalEnd *
local_end_join (RelayEnd *end, const char *room, const char *name, WherryJoinFlags flags)
{
  LocalEnd *self = g_new0 (LocalEnd, 1);
  g_autoptr (GError) error = NULL;

  self->end = end;
  self->heard = g_string_new (NULL);
  self->notices = g_string_new (NULL);
  self->member = wherry_relay_join (end->relay, room, name, flags, &error);
  g_assert_no_error (error);
  relay_end_watch (end, self->member);
  g_signal_connect (self->member, "notice", G_CALLBACK (on_notice), self);
  g_signal_connect (self->member, "drained", G_CALLBACK (on_drained), self);
  return self;
}

void
local_end_listen (LocalEnd *self)
{
  self->handler = g_signal_connect (self->member, "message", G_CALLBACK (on_message), self);
}

void
local_end_free (LocalEnd *self)
{
  g_signal_handlers_disconnect_by_data (self->member, self);
  g_object_unref (self->member);
  g_string_free (self->heard, TRUE);
  g_string_free (self->notices, TRUE);
  g_free (self);
}

gboolean
local_end_is_connected (LocalEnd *self)
{
  return wherry_member_get_state (self->member) == WHERRY_MEMBER_STATE_CONNECTED;
}

gboolean
local_end_has_left (LocalEnd *self)
{
  return wherry_member_get_state (self->member) == WHERRY_MEMBER_STATE_LEFT;
}

void
local_end_send (LocalEnd *self, const char *topic, const char *text)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wherry_member_send_text (self->member, topic, text, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}
