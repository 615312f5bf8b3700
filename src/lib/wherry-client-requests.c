/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-attributes-private.h"
#include "lib/wherry-client-core-private.h"
#include "wire/wherry-json-scan.h"

/* What signaling adds to what a program sends: type, from, an id. */
#define JSON_MAX (WHERRY_SIGNAL_MESSAGE_MAX - 4 * WHERRY_KIB)

void
wherry_client_join_async (WherryClient *self, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (WHERRY_IS_CLIENT (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, wherry_client_join_async);
  wherry_client_core_join (self->core, g_steal_pointer (&task));
}

gboolean
wherry_client_join_finish (WherryClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
wherry_client_leave_async (WherryClient *self, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (WHERRY_IS_CLIENT (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, wherry_client_leave_async);
  wherry_client_core_leave (self->core, g_steal_pointer (&task));
}

gboolean
wherry_client_leave_finish (WherryClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

WherryDataChannel *
wherry_client_create_data_channel (WherryClient *self, const char *topic,
                                   WherryDataChannelInit *init, GError **error)
{
  WherryPeerConnection *connection;

  g_return_val_if_fail (WHERRY_IS_CLIENT (self), NULL);
  g_return_val_if_fail (topic != NULL, NULL);
  connection = wherry_client_get_connection (self);
  if (connection != NULL)
    return wherry_peer_connection_create_data_channel (connection, topic, init, error);
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the client is not connected");
  return NULL;
}

static gboolean
check_json (const char *json, gboolean is_object, GError **error)
{
  const WherryJsonLimits limits = { .length = JSON_MAX, .depth = WHERRY_JSON_DEPTH_MAX - 1 };
  g_autoptr (GError) wrong = NULL;

  if (!wherry_json_scan (json, strlen (json), &limits, NULL, &wrong))
    {
      g_set_error (error, WHERRY_ERROR,
                   wrong->code == WHERRY_ERROR_TOO_LARGE ? WHERRY_ERROR_TOO_LARGE
                                                         : WHERRY_ERROR_INVALID_ARGUMENT,
                   "what is sent: %s", wrong->message);
      return FALSE;
    }
  if (!is_object || json[strspn (json, " \t\r\n")] == '{')
    return TRUE;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                       "what is sent is not a JSON object");
  return FALSE;
}

static gboolean
send_text (WherryClient *self, char *text, GError **error)
{
  if (self->core->link != NULL)
    return wherry_client_link_send (self->core->link, text, error);
  g_free (text);
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the client has not joined");
  return FALSE;
}

/* ---- what it says about itself ---- */

void
wherry_client_core_keep_attributes (WherryClientCore *self, const char *attributes)
{
  g_autoptr (WherryClient) shell = NULL;

  if (g_strcmp0 (self->attributes, attributes) == 0)
    return;
  g_free (self->attributes);
  self->attributes = g_strdup (attributes);
  shell = g_weak_ref_get (&self->shell);
  if (shell != NULL)
    wherry_client_show (shell, WHERRY_CLIENT_SHOWS_ATTRIBUTES);
}

gboolean
wherry_client_set_attributes (WherryClient *self, const char *json, GError **error)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT (self), FALSE);
  if (!wherry_attributes_check (json, error))
    return FALSE;
  wherry_client_core_keep_attributes (self->core, json);
  return self->core->link == NULL
         || wherry_client_link_send (self->core->link,
                                     wherry_signal_write_attributes (json != NULL ? json : "{}",
                                                                     NULL),
                                     error);
}

gboolean
wherry_client_set_will (WherryClient *self, const char *topic, GBytes *data, gboolean is_text,
                        GError **error)
{
  const char *wrong = NULL;

  g_return_val_if_fail (WHERRY_IS_CLIENT (self), FALSE);
  g_return_val_if_fail ((topic == NULL) == (data == NULL), FALSE);
  if (topic != NULL
      && (strlen (topic) > WHERRY_LABEL_MAX || !g_utf8_validate (topic, -1, NULL)
          || g_str_has_prefix (topic, "wherry:")))
    wrong = "a topic has at most 1024 bytes of UTF-8 and does not begin with “wherry:”";
  else if (topic != NULL && g_bytes_get_size (data) > WHERRY_WILL_MAX)
    wrong = "a will has at most 16 KiB";
  else if (topic != NULL && is_text
           && !g_utf8_validate (g_bytes_get_data (data, NULL) != NULL
                                    ? (const char *) g_bytes_get_data (data, NULL)
                                    : "",
                                (gssize) g_bytes_get_size (data), NULL))
    wrong = "a will of text is UTF-8 without a NUL";
  if (wrong != NULL)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, wrong);
      return FALSE;
    }
  g_clear_pointer (&self->core->will, wherry_signal_will_free);
  if (topic != NULL)
    self->core->will = wherry_signal_will_new (topic, data, is_text);
  return TRUE;
}

const char *
wherry_client_get_attributes (WherryClient *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT (self), NULL);
  return self->core->attributes;
}

gboolean
wherry_client_send_msg (WherryClient *self, const char *json, GError **error)
{
  const char *rest;

  g_return_val_if_fail (WHERRY_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (json != NULL, FALSE);
  if (!check_json (json, TRUE, error))
    return FALSE;
  rest = strchr (json, '{') + 1;
  return send_text (self,
                    g_strconcat ("{\"type\":\"msg\"",
                                 rest[strspn (rest, " \t\r\n")] != '}' ? "," : "", rest, NULL),
                    error);
}

gboolean
wherry_client_send_signal (WherryClient *self, const char *to, const char *json, GError **error)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (to != NULL && json != NULL, FALSE);
  if (!check_json (json, FALSE, error))
    return FALSE;
  return send_text (self, wherry_signal_write_signal_to (to, json, strlen (json), NULL), error);
}

/* ---- what it is ---- */

WherryClientState
wherry_client_get_state (WherryClient *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT (self), WHERRY_CLIENT_STATE_CLOSED);
  return self->core->state;
}

const GError *
wherry_client_get_error (WherryClient *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT (self), NULL);
  return self->core->error;
}

const char *
wherry_client_get_id (WherryClient *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT (self), NULL);
  return self->core->id;
}

GListModel *
wherry_client_get_members (WherryClient *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT (self), NULL);
  return G_LIST_MODEL (self->core->members);
}

WherryPeerConnection *
wherry_client_get_connection (WherryClient *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT (self), NULL);
  return wherry_client_core_get_connection (self->core);
}

WherryClientTransport
wherry_client_get_transport (WherryClient *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT (self), WHERRY_CLIENT_TRANSPORT_NONE);
  return self->core->transport;
}
