/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/wherry-room-session.h"
#include "cli/wherry-terminal.h"

struct _WherryRoomSession
{
  /* main thread only */
  WherryInvocation *invocation;
  WherryClient *client;
  WherryRoomJoined joined; /* (nullable): till it was called */
  gpointer user_data;
  guint cancelled; /* a source */
  gboolean is_leaving;
  gboolean was_lost; /* said so, and not yet that it is back */
  WherryExit result; /* once it has left */
};

static void
on_left (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryRoomSession *self = data;

  wherry_client_leave_finish (WHERRY_CLIENT (source), result, NULL);
  wherry_invocation_end (self->invocation, self->result);
}

void
wherry_room_session_leave (WherryRoomSession *self, WherryExit result)
{
  if (self->is_leaving)
    return;
  self->is_leaving = TRUE;
  self->result = result;
  wherry_client_leave_async (self->client, NULL, on_left, self);
}

/* a source of the main context, since the client may not be left inside the cancellable's lock */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  WherryRoomSession *self = data;

  self->cancelled = 0;
  wherry_room_session_leave (self, WHERRY_EXIT_INTERRUPTED);
  return G_SOURCE_REMOVE;
}

/* What to do about an error of joining; "" where its own words say it all. */
static const char *
advise (const GError *error)
{
  if (error->domain != WHERRY_ERROR)
    return "";
  if (error->code == WHERRY_ERROR_UNVERIFIED || error->code == WHERRY_ERROR_FORBIDDEN)
    return _ ("; is the --token right and good for this room?");
  if (error->code == WHERRY_ERROR_CLOSED || error->code == WHERRY_ERROR_TIMEOUT)
    return _ ("; “wherry doctor” finds out why");
  return "";
}

static void
give_up (WherryRoomSession *self, const GError *error)
{
  WherryInvocation *invocation = self->invocation;

  if (!self->is_leaving)
    {
      g_autofree char *message
          = wherry_terminal_safe (error != NULL ? error->message : _ ("the connection is lost"));

      wherry_complain ("wherry %s: %s: %s%s", invocation->command->name, invocation->server,
                       message, error != NULL ? advise (error) : "");
      wherry_invocation_end (invocation, wherry_exit_of_error (error));
    }
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryRoomSession *self = data;
  WherryRoomJoined joined = g_steal_pointer (&self->joined);
  g_autoptr (GError) error = NULL;

  if (!wherry_client_join_finish (WHERRY_CLIENT (source), result, &error))
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        give_up (self, error);
    }
  else if (joined != NULL && !self->is_leaving)
    joined (self->user_data);
}

static void
on_state (WherryRoomSession *self)
{
  WherryClientState state = wherry_client_get_state (self->client);

  if (state == WHERRY_CLIENT_STATE_RECONNECTING && !self->was_lost)
    {
      self->was_lost = TRUE;
      wherry_say (_ ("The connection is lost; coming back…"));
    }
  else if (state == WHERRY_CLIENT_STATE_CONNECTED && self->was_lost)
    {
      self->was_lost = FALSE;
      wherry_say (_ ("Connected again."));
    }
  else if (state == WHERRY_CLIENT_STATE_FAILED && self->joined == NULL)
    give_up (self, wherry_client_get_error (self->client));
}

WherryRoomSession *
wherry_room_session_new (WherryInvocation *invocation, const char *room, GError **error)
{
  g_autoptr (WherryConfiguration) configuration
      = wherry_invocation_make_configuration (invocation, error);
  WherryRoomSession *self;

  if (configuration == NULL)
    return NULL;
  self = g_new0 (WherryRoomSession, 1);
  self->invocation = invocation;
  self->client = g_object_new (WHERRY_TYPE_CLIENT, "uri", invocation->server, "room", room, "name",
                               invocation->name, "token", invocation->token, "configuration",
                               configuration, "resume", TRUE, NULL);
  g_signal_connect_swapped (self->client, "notify::state", G_CALLBACK (on_state), self);
  return self;
}

void
wherry_room_session_free (WherryRoomSession *self)
{
  if (self->cancelled != 0)
    g_source_remove (self->cancelled);
  g_signal_handlers_disconnect_by_data (self->client, self);
  g_object_unref (self->client);
  g_free (self);
}

WherryClient *
wherry_room_session_get_client (WherryRoomSession *self)
{
  return self->client;
}

void
wherry_room_session_join (WherryRoomSession *self, WherryRoomJoined joined, gpointer user_data)
{
  self->joined = joined;
  self->user_data = user_data;
  self->cancelled
      = wherry_invocation_watch (self->invocation, G_PRIORITY_DEFAULT, on_cancelled, self);
  wherry_client_join_async (self->client, self->invocation->cancellable, on_joined, self);
}

char *
wherry_room_session_describe (WherryRoomSession *self, const char *id)
{
  GListModel *members = wherry_client_get_members (self->client);

  if (id == NULL || *id == '\0')
    return g_strdup (_ ("server"));
  for (guint i = 0; i < g_list_model_get_n_items (members); i++)
    {
      g_autoptr (WherryMember) member = g_list_model_get_item (members, i);
      const char *name = wherry_member_get_name (member);

      if (name != NULL && g_str_equal (wherry_member_get_id (member), id))
        {
          g_autofree char *both = g_strdup_printf ("%s (%s)", name, id);

          return wherry_terminal_safe (both);
        }
    }
  return wherry_terminal_safe (id);
}
