import { Disclosure, DisclosurePanel, DisclosureTitle } from '@react-spectrum/s2'
import { useQuery } from '@tanstack/react-query'
import { Notice } from '../../parts/notice.tsx'
import { queries } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { count } from '../../words.ts'
import styles from './assets.module.css'

/** A longer list is in the API's answer; a person mends the first ones first. */
const SHOWN_MAX = 100

/** Says that the folder is only read, and which of its files are not served, and why. */
export function FolderProblems({ project }: { readonly project: string }) {
  const { project: settings } = useProject()
  const { data } = useQuery(queries.folderProblems(project))
  const problems = data?.items ?? []
  return (
    <>
      <Notice tone="info" title="These assets are files of a watched folder.">
        <p>
          Sluice serves <code>{settings.readOnlySource?.path}</code> and never writes to it. To
          replace a picture, replace its file there.
        </p>
      </Notice>
      {problems.length === 0 ? null : (
        <Notice
          tone="caution"
          title={`${count(problems.length, 'file')} ${problems.length === 1 ? 'is' : 'are'} not served.`}
        >
          <Disclosure isQuiet>
            <DisclosureTitle>Problems</DisclosureTitle>
            <DisclosurePanel>
              <ul className={styles['problems']}>
                {problems.slice(0, SHOWN_MAX).map(({ path, reason }) => (
                  <li key={path}>
                    <code>{path}</code>: {reason}
                  </li>
                ))}
              </ul>
            </DisclosurePanel>
          </Disclosure>
        </Notice>
      )}
    </>
  )
}
