interface AvatarProps {
  id: number;
  name: string;
}

/** Initials on a colour of their own. */
export function Avatar({ id, name }: AvatarProps) {
  const initials = name
    .split(/[\s.@_-]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase())
    .join("");
  // The golden angle keeps neighbours apart on the colour circle.
  const hue = Math.round((id * 137.508) % 360);
  return (
    <span className="avatar" style={{ "--hue": hue } as React.CSSProperties} aria-hidden="true">
      {initials}
    </span>
  );
}
