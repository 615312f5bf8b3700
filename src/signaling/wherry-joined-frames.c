/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "signaling/wherry-joined-frames.h"
#include "signaling/wherry-turn-rest.h"

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

GPtrArray *
wherry_joined_frames_list_stun (const WherryIceConfig *ice)
{
  GPtrArray *urls = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; ice != NULL && i < ice->stun_servers->len; i++)
    {
      const WherryIceStunServer *server = ice->stun_servers->pdata[i];
      gboolean is_ipv6 = strchr (server->host, ':') != NULL;

      g_ptr_array_add (urls, g_strdup_printf ("stun:%s%s%s:%u", is_ipv6 ? "[" : "", server->host,
                                              is_ipv6 ? "]" : "", server->port));
    }
  g_ptr_array_add (urls, NULL);
  return urls;
}

/* What a member may use to be reached. */
typedef struct
{
  GPtrArray *stun;
  GPtrArray *turn; /* of the configuration's; NULL: none */
  char *username;
  char *credential;
  WherrySignalIceServerRef servers[2];
  guint n;
} IceServers;

static void
ice_servers_init (IceServers *self, const WherryRelayConfig *config, WherryRelayMember *member)
{
  WherryGrant *grant = wherry_relay_member_get_grant (member);
  const char *subject = wherry_grant_get_subject (grant);
  const WherryTurnRest turn = { config->turn_rest_secret, config->turn_rest_lifetime_us };

  *self = (IceServers){ .stun = wherry_joined_frames_list_stun (config->ice) };
  if (self->stun->len > 1)
    self->servers[self->n++].urls = (const char *const *) self->stun->pdata;
  if (config->turn_rest_secret == NULL)
    return;
  self->turn = g_ptr_array_new ();
  for (guint i = 0; i < config->turn_rest_uris->len; i++)
    g_ptr_array_add (self->turn, config->turn_rest_uris->pdata[i]);
  g_ptr_array_add (self->turn, NULL);
  wherry_turn_rest_make (&turn, subject != NULL ? subject : wherry_relay_member_get_id (member),
                         g_get_real_time (), wherry_grant_get_expires_us (grant), &self->username,
                         &self->credential);
  self->servers[self->n++] = (WherrySignalIceServerRef){
    .urls = (const char *const *) self->turn->pdata,
    .username = self->username,
    .credential = self->credential,
  };
}

static void
ice_servers_clear (IceServers *self)
{
  g_ptr_array_unref (self->stun);
  g_clear_pointer (&self->turn, g_ptr_array_unref);
  g_free (self->username);
  g_free (self->credential);
}

void
wherry_joined_frames_write (WherryRelayHub *relay, WherryRelayMember *member, const char *tid,
                            void (*send) (gpointer user_data, char *text), gpointer user_data)
{
  static const char *const features[] = { "mirror",    "notices", "signal", "msg", "presence",
                                          "addressed", "history", "resume", NULL };
  const WherryRelayConfig *config = wherry_relay_hub_get_config (relay);
  g_autoptr (GArray) members = g_array_new (FALSE, FALSE, sizeof (WherrySignalMemberRef));
  IceServers ice;
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
  ice_servers_init (&ice, config, member);
  joined.ice_servers = ice.servers;
  joined.n_ice_servers = ice.n;
  joined.max_message_size = config->max_message_size;
  joined.features = features;
  joined.resume = token = wherry_relay_member_issue_resume (member);
  joined.resumed = wherry_relay_member_is_resumed (member);
  if (joined.resumed)
    joined.places = places = wherry_relay_member_list_accepted (member);
  send (user_data, wherry_signal_write_joined (&joined));
  ice_servers_clear (&ice);

  for (guint n = joined.n_members; n < left;)
    {
      next += n;
      left -= n;
      n = fit_members (next, left);
      send (user_data, wherry_signal_write_members (next, n, n < left));
    }
}
