import type { SubmitEvent } from "react";
import { Avatar } from "./Avatar";
import { type Post, type User, useMutation, useQuery } from "./edgepod/client";
import { Panel, Rows } from "./Panel";

/** The posts, the newest first, with a form to write one. */
export function PostsPanel() {
  const { data: users } = useQuery("getUsers");
  return <Posts users={users} />;
}

/** The posts alone, for a window that does not read users at all. */
export function PostsOnly() {
  return <Posts />;
}

function Posts({ users }: { users?: User[] | undefined }) {
  const { data: posts, error, refetch } = useQuery("getPosts");
  const author = (post: Post) => users?.find((user) => user.id === post.author_id);
  return (
    <Panel title="Posts" count={posts?.length}>
      {users && users.length > 0 && <WritePost users={users} />}
      <Rows
        rows={posts?.toReversed()}
        error={error}
        retry={refetch}
        label="Posts"
        empty={
          <>
            Nothing was written yet. <br />
            {users?.length === 0 ? "A post needs an author: add a user first." : "Be the first to say something."}
          </>
        }
      >
        {(post) => <PostRow key={post.id} post={post} author={author(post)} />}
      </Rows>
    </Panel>
  );
}

function WritePost({ users }: { users: User[] }) {
  const { trigger, isMutating, error } = useMutation("createPost");

  async function write(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const author = fields.get("author");
    try {
      await trigger({
        author_id: Number(author),
        title: String(fields.get("title")).trim(),
        content: String(fields.get("content")).trim() || null,
      });
      form.reset();
      // Who wrote once writes again.
      const select = form.elements.namedItem("author");
      if (select instanceof HTMLSelectElement) select.value = String(author);
    } catch {
      // `error` shows it, and the fields keep what was typed.
    }
  }

  return (
    <form className="form form-post" aria-label="Write a post" onSubmit={write}>
      <label>
        <span>Author</span>
        <select name="author" required>
          {users.map((user) => (
            <option key={user.id} value={user.id}>
              {user.name ?? user.email}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Title</span>
        <input name="title" required placeholder="What is new?" autoComplete="off" maxLength={200} />
      </label>
      <label className="form-wide">
        <span>Text</span>
        <textarea name="content" rows={2} placeholder="Optional" maxLength={2000} />
      </label>
      <button type="submit" className="button" disabled={isMutating}>
        Publish
      </button>
      {error && (
        <p className="form-error" role="alert">
          {error.message}
        </p>
      )}
    </form>
  );
}

function PostRow({ post, author }: { post: Post; author: User | undefined }) {
  const name = author ? (author.name ?? author.email) : `User ${post.author_id}`;
  return (
    <li className="row row-post">
      <Avatar id={post.author_id} name={name} />
      <div className="row-text">
        <strong>{post.title}</strong>
        <span className="row-detail">by {name}</span>
        {post.content !== null && <p>{post.content}</p>}
      </div>
    </li>
  );
}
