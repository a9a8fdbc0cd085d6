/* Rtl: splay trees. A root is its own parent; the caller keeps the address of the root. */
#include "host/rtl/rtl.h"

static BOOLEAN is_left(PRTL_SPLAY_LINKS links)
{
    return links->Parent->LeftChild == links;
}

static BOOLEAN is_right(PRTL_SPLAY_LINKS links)
{
    return links->Parent->RightChild == links;
}

static BOOLEAN is_root(PRTL_SPLAY_LINKS links)
{
    return links->Parent == links;
}

/* Puts `child`, which may be NULL, where `links` hangs; as the root when links is one. */
static void replace(PRTL_SPLAY_LINKS links, PRTL_SPLAY_LINKS child)
{
    PRTL_SPLAY_LINKS parent = links->Parent;

    if (parent == links) {
        if (child)
            child->Parent = child;
        return;
    }
    if (is_left(links))
        parent->LeftChild = child;
    else
        parent->RightChild = child;
    if (child)
        child->Parent = parent;
}

/* Turns `links`, no root, up over its parent. */
static void rotate(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS parent = links->Parent, inner;
    BOOLEAN left = is_left(links);

    replace(parent, links);
    inner = left ? links->RightChild : links->LeftChild;
    if (left) {
        parent->LeftChild = inner;
        links->RightChild = parent;
    } else {
        parent->RightChild = inner;
        links->LeftChild = parent;
    }
    if (inner)
        inner->Parent = parent;
    parent->Parent = links;
}

PRTL_SPLAY_LINKS NTAPI RtlSplay(PRTL_SPLAY_LINKS links)
{
    while (!is_root(links)) {
        PRTL_SPLAY_LINKS parent = links->Parent;

        if (!is_root(parent))
            rotate(is_left(links) == is_left(parent) ? parent : links);
        rotate(links);
    }
    return links;
}
SB_EXPORT(RtlSplay)

PRTL_SPLAY_LINKS NTAPI RtlSubtreeSuccessor(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS node = links->RightChild;

    while (node && node->LeftChild)
        node = node->LeftChild;
    return node;
}
SB_EXPORT(RtlSubtreeSuccessor)

PRTL_SPLAY_LINKS NTAPI RtlSubtreePredecessor(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS node = links->LeftChild;

    while (node && node->RightChild)
        node = node->RightChild;
    return node;
}
SB_EXPORT(RtlSubtreePredecessor)

PRTL_SPLAY_LINKS NTAPI RtlRealSuccessor(PRTL_SPLAY_LINKS links)
{
    if (links->RightChild)
        return RtlSubtreeSuccessor(links);
    while (is_right(links))
        links = links->Parent;
    return is_left(links) ? links->Parent : NULL;
}
SB_EXPORT(RtlRealSuccessor)

PRTL_SPLAY_LINKS NTAPI RtlRealPredecessor(PRTL_SPLAY_LINKS links)
{
    if (links->LeftChild)
        return RtlSubtreePredecessor(links);
    while (is_left(links))
        links = links->Parent;
    return is_right(links) ? links->Parent : NULL;
}
SB_EXPORT(RtlRealPredecessor)

/* Makes `other`, from elsewhere in the tree and already unlinked there, take the place of links. */
static void take_place(PRTL_SPLAY_LINKS links, PRTL_SPLAY_LINKS other)
{
    replace(links, other);
    other->LeftChild = links->LeftChild;
    other->RightChild = links->RightChild;
    if (other->LeftChild)
        other->LeftChild->Parent = other;
    if (other->RightChild)
        other->RightChild->Parent = other;
}

/* Unlinks; returns a node the tree can be found from, or NULL when it is empty now. */
static PRTL_SPLAY_LINKS unlink(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS child, parent = is_root(links) ? NULL : links->Parent;

    if (links->LeftChild && links->RightChild) {
        PRTL_SPLAY_LINKS other = RtlSubtreePredecessor(links);
        replace(other, other->LeftChild);
        take_place(links, other);
        return other;
    }
    child = links->LeftChild ? links->LeftChild : links->RightChild;
    replace(links, child);
    return parent ? parent : child;
}

/* Returns the new root: the parent of what was removed is splayed, as documented. */
PRTL_SPLAY_LINKS NTAPI RtlDelete(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS rest = unlink(links);

    return rest ? RtlSplay(rest) : NULL;
}
SB_EXPORT(RtlDelete)

VOID NTAPI RtlDeleteNoSplay(PRTL_SPLAY_LINKS links, PRTL_SPLAY_LINKS *root)
{
    PRTL_SPLAY_LINKS rest = unlink(links);

    while (rest && !is_root(rest))
        rest = rest->Parent;
    *root = rest;
}
SB_EXPORT(RtlDeleteNoSplay)
