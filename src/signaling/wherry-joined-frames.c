/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "signaling/wherry-ice-server-list.h"
#include "signaling/wherry-joined-frames.h"

/* Of one frame of members: half of what a client may send us, well below what clients take. */
#define MEMBERS_FRAME_MAX 500u
#define MEMBERS_FRAME_BYTES (60u * 1024u)

static void
add_member (const WherrySignalMemberRef *member, gpointer data)
{
  g_array_append_vals (data, member, 1);
}

/* How many of the n members fit into one frame. */
static guint
fit_members (const WherrySignalMemberRef *members, guint n)
{
  gsize bytes = 0;
  guint i;

  for (i = 0; i < n && i < MEMBERS_FRAME_MAX; i++)
    {
      /* a byte of a name is written in six at most (\u001f); 48 for what is around it */
      bytes += 48 + (members[i].name != NULL ? 6 * strlen (members[i].name) : 0);
      if (members[i].attributes != NULL)
        bytes += 16 + strlen (members[i].attributes);
      if (bytes > MEMBERS_FRAME_BYTES)
        break;
    }
  return i;
}

void
wherry_joined_frames_write (WherryRelayHub *relay, WherryRelayMember *member, const char *tid,
                            void (*send) (gpointer user_data, char *text), gpointer user_data)
{
  const WherryRelayConfig *config = wherry_relay_hub_get_config (relay);
  const char *const features[] = {
    "mirror",  "notices",  "signal",
    "msg",     "presence", "addressed",
    "history", "resume",   config->tunnel ? "tunnel" : NULL,
    NULL,
  };
  g_autoptr (GArray) members = g_array_new (FALSE, FALSE, sizeof (WherrySignalMemberRef));
  g_auto (WherryIceServerList) ice = { 0 };
  const WherrySignalMemberRef *next;
  WherrySignalJoined joined = { .tid = tid };
  g_autoptr (GPtrArray) places = NULL;
  g_autofree char *token = NULL;
  guint left;

  wherry_relay_member_foreach_other (member, add_member, members);
  next = (const WherrySignalMemberRef *) (gpointer) members->data;
  left = members->len;

  joined.peer = wherry_relay_member_get_id (member);
  joined.room = wherry_relay_member_get_room (member);
  joined.members = next;
  joined.n_members = fit_members (next, left);
  joined.more = joined.n_members < left;
  wherry_ice_server_list_init (&ice, config, member);
  joined.ice_servers = ice.servers;
  joined.n_ice_servers = ice.n;
  joined.max_message_size = config->max_message_size;
  joined.features = features;
  joined.resume = token = wherry_relay_member_issue_resume (member);
  joined.resumed = wherry_relay_member_is_resumed (member);
  if (joined.resumed)
    joined.places = places = wherry_relay_member_list_accepted (member);
  send (user_data, wherry_signal_write_joined (&joined));

  for (guint n = joined.n_members; n < left;)
    {
      next += n;
      left -= n;
      n = fit_members (next, left);
      send (user_data, wherry_signal_write_members (next, n, n < left));
    }
}
