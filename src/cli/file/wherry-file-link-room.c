/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-link-private.h"

#include <string.h>

/* What a link hears from the room: who speaks, who is there, and whether it is still the same. */

/* Who has left is told by way of signaling, which overtakes what that member said last. */
#define GONE_WAIT_S 3

static gboolean
is_for_us (WherryFileLink *self, const char *sender)
{
  GListModel *members = wherry_client_get_members (self->client);

  if (self->only == NULL || strcmp (self->only, sender) == 0)
    return TRUE;
  for (guint i = 0; i < g_list_model_get_n_items (members); i++)
    {
      g_autoptr (WherryMember) member = g_list_model_get_item (members, i);

      if (g_strcmp0 (wherry_member_get_id (member), sender) == 0)
        return g_strcmp0 (wherry_member_get_name (member), self->only) == 0;
    }
  return FALSE;
}

void
wherry_file_link_take_message (WherryClientChannel *channel, GBytes *data, gboolean is_text,
                               const char *sender, guint64 sequence, WherryMessageFlags flags,
                               WherryFileLink *self)
{
  if (!is_text && sender != NULL && !self->finishing && is_for_us (self, sender))
    wherry_file_meeting_take (self->meeting, sender, data);
}

/* In the room, if what goes on there matters: a direct session needs nobody there. */
static void
call (WherryFileLink *self)
{
  if (self->direct == NULL)
    wherry_file_meeting_open (self->meeting);
}

void
wherry_file_link_take_ready (WherryFileLink *self)
{
  WherryDataChannelState state = wherry_client_channel_get_ready_state (self->channel);

  if (self->finishing)
    return;
  if (state == WHERRY_DATA_CHANNEL_STATE_OPEN)
    {
      if (!self->is_met)
        wherry_file_link_wait (self);
      call (self);
    }
  else if (self->direct == NULL)
    wherry_file_meeting_lose (self->meeting);
}

/* The relay is another one, or has forgotten us: so has the other side, whatever it was. */
void
wherry_file_link_take_gap (WherryFileLink *self)
{
  if (self->finishing)
    return;
  if (self->direct == NULL)
    wherry_file_meeting_lose (self->meeting);
  call (self);
}

static gboolean
is_there (GListModel *members, const char *id)
{
  for (guint i = 0; i < g_list_model_get_n_items (members); i++)
    {
      g_autoptr (WherryMember) member = g_list_model_get_item (members, i);

      if (g_strcmp0 (wherry_member_get_id (member), id) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Whether the other side has left the room, and is needed there. While the client comes back its
 * list of members is empty and says nothing. */
static gboolean
is_gone (WherryFileLink *self)
{
  const char *member = wherry_file_meeting_get_member (self->meeting);

  return member != NULL && self->direct == NULL && !self->finishing
         && wherry_client_get_state (self->client) == WHERRY_CLIENT_STATE_CONNECTED
         && !is_there (wherry_client_get_members (self->client), member);
}

static gboolean
on_gone_waited (gpointer data)
{
  WherryFileLink *self = data;

  self->gone = 0;
  if (is_gone (self))
    {
      g_autofree char *member = g_strdup (wherry_file_meeting_get_member (self->meeting));

      wherry_file_meeting_leave (self->meeting, member);
    }
  return G_SOURCE_REMOVE;
}

void
wherry_file_link_look_who_is_there (WherryFileLink *self)
{
  if (self->gone == 0 && is_gone (self))
    self->gone = g_timeout_add_seconds (GONE_WAIT_S, on_gone_waited, self);
}
