# In the folder above: gnuplot -e "load 'src/light.gp'" src/cost_ssim_nfe_g2.gp (after set terminal ...)
data = 'src/cost_ssim_nfe_g2.csv'
set lmargin at screen 0.16666666666666666
set rmargin at screen 0.9571428571428572
set tmargin at screen 0.8121212121212121
set bmargin at screen 0.1393939393939394
set xrange [2:52.88]
set yrange [0.9701331589741373:1.0019428402321962]
set label 'NFE (full evaluations per sample)' at screen 0.56190,0.03333 center font ',12' textcolor rgb ink
set label 'SSIM, higher is better' at screen 0.02619,0.47576 center rotate by 90 font ',12' textcolor rgb ink
set arrow from 50, graph 0 to 50, graph 1 nohead linecolor rgb muted dashtype 3 back
set label 'full steps' at 50, graph 0.02 rotate by 90 left offset character -1,0 font ',10' textcolor rgb muted
set label '15 steps' at screen 0.24268,0.60257 left font ',10' textcolor rgb c1 front
set label '20 steps' at screen 0.32036,0.74026 left font ',10' textcolor rgb c1 front
set label 'N=5' at screen 0.23405,0.44405 left font ',10' textcolor rgb c2 front
set label 'N=3' at screen 0.34280,0.68380 left font ',10' textcolor rgb c2 front
set label 'δ=0.01, Cmax=2' at screen 0.52650,0.68515 left font ',10' textcolor rgb c3 front
set label 'δ=0.005, Cmax=4' at screen 0.44967,0.79313 left font ',10' textcolor rgb c3 front
set label 'skips=15' at screen 0.69483,0.80074 left font ',10' textcolor rgb c4 front
$front << END
10,0.9845387172897075
15,0.9920340661012377
17,0.9958751468115925
20,0.9968682757307082
24.165,0.9976154982149437
25,0.9988844355204994
33.34,0.9989122810814042
34.545,0.99936856352449
35,0.9997280874299299
END
unset key
set arrow from screen 0.03333,0.96364 to screen 0.07619,0.96364 nohead linecolor rgb muted linewidth 1.2 dashtype 2
set label 'Pareto front' at screen 0.09048,0.96364 left font ',11' textcolor rgb ink
set label '' at screen 0.53095,0.96364 point pointtype 7 pointsize 0.8 linecolor rgb c1
set label 'fewer steps' at screen 0.56667,0.96364 left font ',11' textcolor rgb ink
set label '' at screen 0.05476,0.91515 point pointtype 5 pointsize 0.8 linecolor rgb c2
set label 'DeepCache' at screen 0.09048,0.91515 left font ',11' textcolor rgb ink
set label '' at screen 0.53095,0.91515 point pointtype 9 pointsize 0.8 linecolor rgb c3
set label 'AdaptiveDiffusion' at screen 0.56667,0.91515 left font ',11' textcolor rgb ink
set label '' at screen 0.05476,0.86667 point pointtype 13 pointsize 0.8 linecolor rgb c4
set label 'fixed path' at screen 0.09048,0.86667 left font ',11' textcolor rgb ink
plot $front using 1:2 with lines linecolor rgb muted linewidth 1.2 dashtype 2 notitle, \
  data using ($1==0?$2:NaN):5 with lines linecolor rgb c1 linewidth 1 notitle, \
  data using ($1==0?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c1 linewidth 1 notitle, \
  data using ($1==0?$2:NaN):5 with points linecolor rgb c1 pointtype 7 pointsize 0.8 notitle, \
  data using ($1==1?$2:NaN):5 with lines linecolor rgb c2 linewidth 1 notitle, \
  data using ($1==1?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c2 linewidth 1 notitle, \
  data using ($1==1?$2:NaN):5 with points linecolor rgb c2 pointtype 5 pointsize 0.8 notitle, \
  data using ($1==2?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c3 linewidth 1 notitle, \
  data using ($1==2?$2:NaN):5 with points linecolor rgb c3 pointtype 9 pointsize 0.8 notitle, \
  data using ($1==3?$2:NaN):5 with lines linecolor rgb c4 linewidth 1 notitle, \
  data using ($1==3?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c4 linewidth 1 notitle, \
  data using ($1==3?$2:NaN):5 with points linecolor rgb c4 pointtype 13 pointsize 0.8 notitle
