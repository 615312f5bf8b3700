/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-move.h"

/* Of the remote candidate; a pair's priority follows (RFC 8445 section 6.1.2.3). */
#define LOWEST_PRIORITY 1u
#define HIGHEST_PRIORITY 0x7fffffffu

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NiceCandidate, nice_candidate_free)

/* libnice knows it by its address. A peer-reflexive one cannot be told, and is told as what RFC
 * 8445 section 7.3.1.3 lets it become. */
static void
update (NiceAgent *agent, guint stream, NiceCandidate *remote, guint32 priority)
{
  GSList list = { .data = remote };

  if (remote->type == NICE_CANDIDATE_TYPE_PEER_REFLEXIVE)
    remote->type = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE;
  remote->priority = priority;
  nice_agent_set_remote_candidates (agent, stream, WHERRY_ICE_COMPONENT, &list);
}

/* The other ones' sockets belong to what libnice forgets when their type changes. */
static gboolean
is_udp (const NiceCandidate *candidate)
{
  return candidate->transport == NICE_CANDIDATE_TRANSPORT_UDP;
}

void
wherry_ice_move_prefer (NiceAgent *agent, guint stream, const NiceCandidate *found)
{
  g_autoptr (NiceCandidate) remote = NULL;
  NiceCandidate *selected_local = NULL;
  NiceCandidate *selected_remote = NULL;
  gboolean controlling;

  g_object_get (agent, "controlling-mode", &controlling, NULL);
  if (controlling || !is_udp (found) || found->type != NICE_CANDIDATE_TYPE_PEER_REFLEXIVE
      || !nice_agent_get_selected_pair (agent, stream, WHERRY_ICE_COMPONENT, &selected_local,
                                        &selected_remote)
      || found->priority > selected_remote->priority)
    return;
  remote = nice_candidate_copy (found);
  update (agent, stream, remote, MIN (selected_remote->priority + 1, HIGHEST_PRIORITY));
}

gboolean
wherry_ice_move_lose (NiceAgent *agent, guint stream, guint loss)
{
  g_autoptr (NiceCandidate) remote = NULL;
  NiceCandidate *selected_local = NULL;
  NiceCandidate *selected_remote = NULL;
  char foundation[NICE_CANDIDATE_MAX_FOUNDATION];
  guint32 priority;
  gboolean lost;

  if (!nice_agent_get_selected_pair (agent, stream, WHERRY_ICE_COMPONENT, &selected_local,
                                     &selected_remote)
      || !is_udp (selected_remote))
    return FALSE;
  g_strlcpy (foundation, selected_local->foundation, sizeof foundation);
  remote = nice_candidate_copy (selected_remote);
  priority = remote->priority;
  /* By foundations a pair is named to libnice, and several candidates may have the same. */
  g_snprintf (remote->foundation, sizeof remote->foundation, "lost%u", loss);
  update (agent, stream, remote, LOWEST_PRIORITY);
  lost = nice_agent_set_selected_pair (agent, stream, WHERRY_ICE_COMPONENT, foundation,
                                       remote->foundation);
  update (agent, stream, remote, priority);
  return lost;
}
